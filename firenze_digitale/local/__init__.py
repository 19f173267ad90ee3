"""What `make run` and `make test` stand on: a private PostgreSQL and the steps around it.

Production uses nothing of this package.
"""
