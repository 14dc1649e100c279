"""`python -m lti_tool` is the command `alongside`."""

from lti_tool.cli import main

main()
