"""`python -m rondo`, where the `rondo` command is not on the path."""

import sys

from .cli import main

sys.exit(main())
