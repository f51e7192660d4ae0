"""One request a line in, one answer a line out: how the harness talks to NumPy."""
import json, pathlib, sys, time
import numpy as np
from weights import changes, read


def serve(tasks):
    """`tasks`: name -> function of (request, base, fine-tunes) that gives the fields of an answer."""
    print(json.dumps({"numpy": np.__version__, "blas": blas()}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = run(tasks[request["task"]], request)
        except Exception as error:  # the harness goes on with the other contenders
            answer = {"error": "out of memory" if isinstance(error, MemoryError) else f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


def run(task, request):
    """Files are read inside the time, as in the page, unless the request says that all contenders begin with the numbers."""
    start = time.perf_counter()
    base, tunes = {}, []
    if "base" in request:
        base = read(request["base"])
        tunes = [(pathlib.Path(folder).name, list(changes(folder, base))) for folder in request["tuned"]]
    if request.get("fromMemory"):
        start = time.perf_counter()
    answer = task(request, base, tunes)
    return {"seconds": time.perf_counter() - start, **answer}


def blas():
    try:
        return np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"].removeprefix("scipy-")
    except Exception:
        return "unknown"
