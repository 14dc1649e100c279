"""LTI 1.3 as a tool speaks it: login, launch, keys and registrations. Its addresses: see routes.py."""
