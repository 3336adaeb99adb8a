"""Say of any dropout whether it is right, and if not, which misconception it is.

The layer is observed from outside (``observe``). What is seen is compared with what a right
dropout shows, and then with what each member of the bank shows under the same observation.
"""

from dropout_scaling.diagnose._verdict import Report, diagnose

__all__ = ["Report", "diagnose"]
