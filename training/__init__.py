"""From labelled sessions to a checkpoint, and honest figures about it. The only room that needs torch.

Offline unless the environment says otherwise: HF_HUB_OFFLINE=0 lets a configuration's `base` be fetched from a hub.
"""

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
