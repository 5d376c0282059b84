"""A trainer that logs to MLflow with its own client, as trainers do, and ends in the way that its first argument names."""

import os
import signal
import sys
import tempfile

import mlflow

how = sys.argv[1]


def log(steps, start=0):
    mlflow.log_params({"lr": 0.1, "optimizer": "sgd"})
    for step in range(start, start + steps):
        mlflow.log_metrics({"loss": 1 / (step + 1), "perplexity": 2.0 * step}, step=step)


def leave_artifacts():
    with tempfile.TemporaryDirectory() as folder:
        for path, size in {"weights.bin": 1234, "inner/notes.txt": 5}.items():
            file = os.path.join(folder, path)
            os.makedirs(os.path.dirname(file), exist_ok=True)
            with open(file, "wb") as out:
                out.write(b"x" * size)
        mlflow.log_artifacts(folder, "model")


if how == "ends":
    with mlflow.start_run() as run:
        log(3)
        leave_artifacts()
        print(run.info.run_id)
elif how == "crashes":
    run = mlflow.start_run()
    log(2)
    child = mlflow.start_run(nested=True)
    mlflow.log_metrics({"inner": 1.0})
    print(run.info.run_id, child.info.run_id, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
elif how == "resumes-and-crashes":
    run = mlflow.start_run(run_id=sys.argv[2])
    log(2, start=2)
    print(run.info.run_id, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
elif how == "by-itself":
    # Another experiment, and nothing that says whose it is: only `done` names it.
    mlflow.set_experiment("elsewhere")
    with mlflow.start_run() as run:
        mlflow.log_metrics({"val_loss": 0.5, "strange": float("nan"), "endless": float("inf")}, step=7)
        print(run.info.run_id)
elif how == "logs-much":
    from mlflow.entities import Metric

    client = mlflow.MlflowClient()
    with mlflow.start_run() as run:
        for start in range(0, 12_000, 1000):
            points = [Metric("loss", 1.0 / (step + 1), 1_700_000_000_000 + step, step) for step in range(start, start + 1000)]
            client.log_batch(run.info.run_id, metrics=points)
        print(run.info.run_id)
elif how == "looks":
    # What the client makes of runs, for who has only its REST answers.
    import json

    seen = []
    for run in map(mlflow.MlflowClient().get_run, sys.argv[2:]):
        tags = {key: value for key, value in run.data.tags.items() if key.startswith("specyard.")}
        seen.append({"status": run.info.status, "ended": run.info.end_time is not None, "tags": tags})
    print(json.dumps({"runs": seen}))
