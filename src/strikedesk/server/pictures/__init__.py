"""Pictures for a person to look at: PNG, 800 by 500, made without a display and without a global.

Imported when the first picture is asked for: matplotlib takes longer to import than a desk to open.
"""
