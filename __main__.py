"""`python -m mendline` is the `mendline` command."""

from mendline.cli import main

main()
