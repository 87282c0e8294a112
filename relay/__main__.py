"""`python -m relay`: the command line."""

from relay.run.cli import main

if __name__ == "__main__":
    main()
