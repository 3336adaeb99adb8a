"""The environment variables of a notebook's kernel: nothing of the user's, the same each time.

Standard library only: `tools.gpu_check` runs without the environment.
"""


def kernel_environment(home):
    """Return {variable: value}. ``home``: where Jupyter, IPython and matplotlib may write."""
    return {
        "JUPYTER_PREFER_ENV_PATH": "1",
        "JUPYTER_CONFIG_DIR": str(home),
        "JUPYTER_DATA_DIR": str(home),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
        "MPLCONFIGDIR": str(home / "matplotlib"),
        "PYTHONHASHSEED": "0",
    }
