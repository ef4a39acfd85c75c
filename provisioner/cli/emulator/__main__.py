"""`python -m provisioner.cli.emulator`: how `emulator start --detach` starts the process it leaves behind."""

import sys

from provisioner.cli.main import run

sys.exit(run(["emulator", *sys.argv[1:]]))
