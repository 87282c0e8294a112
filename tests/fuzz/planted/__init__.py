"""A parser with a planted overflow, built and run by run.py to prove that the set-up finds one."""
