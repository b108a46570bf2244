#!/bin/sh
# pytest.sh PYTHON NAME: runs the suite tests/NAME; the report goes where ./dev counts it.
set -e
here=$(dirname "$(readlink -f "$0")")
exec "$1" -m pytest -q -p no:cacheprovider -W ignore::DeprecationWarning "$here/$2" \
  ${FLAMBEAU_RESULTS:+--junitxml="$FLAMBEAU_RESULTS/$2.xml"}
