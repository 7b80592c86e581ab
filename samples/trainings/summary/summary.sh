# The mean of a column of a CSV file: sh summary.sh COLUMN FILE FOLDER
set -eu
echo "Reading column $1 of $2"
awk -F, -v column="$1" '
  NR > 1 && $column ~ /^-?[0-9.]+$/ { sum += $column; rows++ }
  END {
    if (!rows) { print "Column " column " holds no numbers" > "/dev/stderr"; exit 3 }
    printf "{\"mean\": %.6f, \"rows\": %d}\n", sum / rows, rows
  }' "$2" > "$3/metrics.json"
cat "$3/metrics.json"
