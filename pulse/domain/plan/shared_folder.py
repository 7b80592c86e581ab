"""The folder by which a training that knows nothing of S3 gets its data, and what its container runs.

A second container of the same job (sidecar/) puts the data into the folder, and stores what the training
leaves there. Both start at once and are essential, so the end of the training's container is the end of the
job. Amazon ECS gives a container that waits for another one two minutes at most, too little for a download:
so the script waits. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html
"""

FOLDER = "/pulse"
FOLDER_VARIABLE = "PULSE_FOLDER"
DATA, RESULTS, CHECKPOINTS = f"{FOLDER}/data", f"{FOLDER}/results", f"{FOLDER}/checkpoints"

SCRIPT = """\
trap 'exit 143' TERM
await() {
  until [ -e "$PULSE_FOLDER/$1" ]; do
    if [ -e "$PULSE_FOLDER/failed" ]; then
      cat "$PULSE_FOLDER/why" >&2
      exit "$(cat "$PULSE_FOLDER/failed")"
    fi
    sleep 1
  done
}
await ready
child=
trap '[ -n "$child" ] && kill -TERM "$child" 2>/dev/null' TERM
if [ -e "$PULSE_FOLDER/command" ]; then sh "$PULSE_FOLDER/command" & else "$@" & fi
child=$!
wait "$child"; code=$?
while kill -0 "$child" 2>/dev/null; do wait "$child"; code=$?; done
echo "$code" > "$PULSE_FOLDER/ended.new" && mv "$PULSE_FOLDER/ended.new" "$PULSE_FOLDER/ended" || exit 74
trap : TERM
await stored
exit "$code"
"""
"""POSIX sh: waits for the data, runs the words behind it (or the command of a sweep's child), hands SIGTERM
on, and ends with their exit code when the results are stored.
"""
