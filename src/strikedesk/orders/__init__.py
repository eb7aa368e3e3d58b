"""The order path: preview, consent, submit, reconcile, replace, cancel, close, roll."""
