"""What the embedded PostgreSQL is started with."""

from __future__ import annotations

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "max_parallel_workers_per_gather": "0",  # parallel queries need more /dev/shm than containers give
    # The defaults are for spinning disks and for statements of minutes.
    "random_page_cost": "1.1",
    "jit": "off",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
# For tests, whose data nobody misses.
THROWAWAY = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
