"""What tastytrade writes, taken in as it comes: tolerant of what is absent, null, new or odd.

Law: a field that is absent, null or no value of its kind is None; `model_fields_set` tells absent
from null. Fields that nobody asked for are let by, and words nobody knows stay as they are.
"""
