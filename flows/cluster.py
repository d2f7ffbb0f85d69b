"""Dask workers on this host: one per GPU, or as many as keep the cores busy."""

import logging
from typing import Any

import dask
from distributed import Nanny, Scheduler, Security, SpecCluster

from flows.hardware import cores, numbers


def local_cluster(gpus: str | None, workers: int | None, threads: int) -> Any:  # noqa: ANN401 - Dask has no types
    """Start a worker process for each GPU, which sees no other, or a number of workers where no GPUs are named.

    The workers end with this process, however it ends. Nobody else on the host can give them work: their connections
    need keys that are made here.
    """
    places = [seeing(gpu) for gpu in numbers(gpus)] if gpus else [{}] * (workers or max(1, cores() // threads))
    logging.getLogger("distributed").setLevel(logging.WARNING)
    keys = Security.temporary()  # type: ignore[no-untyped-call]
    here = {"host": "127.0.0.1", "protocol": "tls://", "security": keys, "dashboard_address": "127.0.0.1:0"}
    # No limit of memory: Dask would kill a worker for what its task needs.
    worker = here | {"nthreads": threads, "memory_limit": None}
    # Not for a while only: the cluster also reads it when a worker dies.
    dask.config.set(configuration(cores() // (len(places) * threads)))
    return SpecCluster(  # type: ignore[no-untyped-call]
        scheduler={"cls": Scheduler, "options": here | {"port": 0}},
        workers={index: {"cls": Nanny, "options": worker | {"env": place}} for index, place in enumerate(places)},
        security=keys,
    )


def seeing(gpu: str) -> dict[str, str]:
    """Return the environment in which programs see one GPU; CUDA's own order is not that of nvidia-smi."""
    return {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": gpu}


def configuration(share: int) -> dict[str, Any]:
    """Return how Dask is to behave: without pages, patient with workers, with a share of the cores for each task."""
    libraries = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), max(1, share))
    return {
        "distributed.nanny.pre-spawn-environ": libraries | {"DASK_LOGGING__DISTRIBUTED": "warning"},
        "distributed.scheduler.http.routes": [],
        "distributed.worker.http.routes": [],
        # A task that waits at a worker counts as one that killed it, if the worker is killed.
        "distributed.scheduler.worker-saturation": 1.0,
        # A worker that was killed starts again. The cluster would give it up after 15 s, and the flow would hang.
        "distributed.deploy.lost-worker-timeout": "1 day",
        "distributed.scheduler.no-workers-timeout": "5 minutes",
    }
