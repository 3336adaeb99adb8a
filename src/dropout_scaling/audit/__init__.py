"""Check a whole PyTorch model for dropout faults; also a command.

    python -m dropout_scaling.audit package.module:make_model --input 8,3,32,32

The check runs the model on an example in train and in eval mode, and restores its state.
"""

from dropout_scaling.audit._all_faults import audit, check
from dropout_scaling.audit._finding import Finding

__all__ = ["Finding", "audit", "check"]
