#!/bin/bash
# build.sh - builds the fuzz targets of waxseal for libFuzzer, as OSS-Fuzz wants
# it: $OUT gets a program and a zip of seeds for each target.
#
# It runs in the folder of the module. OSS-Fuzz sets OUT, WORK, CXX, CXXFLAGS and
# LIB_FUZZING_ENGINE; the README says how to run it without. ONLY, if it is set,
# is the one package to build.
set -euo pipefail
module=$PWD

# fuzz builds the targets of a package.
fuzz() { # package target...
	local package=$1 target name copy
	shift
	copy=$WORK/${package//\//_}
	rm -rf "$copy"
	(cd "$module/internal/ossfuzz" && go run . prepare -root "$module" -o "$copy" "$package")
	cd "$copy"
	for target; do
		name=${package//\//_}_$target
		# The runtime and what starts before it cannot be instrumented.
		CGO_ENABLED=1 go build -buildmode=c-archive -trimpath -tags libfuzzer \
			-gcflags=all=-d=libfuzzer -gcflags=runtime/cgo=-d=libfuzzer=0 \
			-gcflags=runtime/pprof=-d=libfuzzer=0 -gcflags=syscall=-d=libfuzzer=0 \
			-ldflags "-X main.name=$target" -o "$WORK/$name.a" ./internal/ossfuzz/run
		# shellcheck disable=SC2086 # the flags are words
		$CXX ${CXXFLAGS:-} $LIB_FUZZING_ENGINE "$WORK/$name.a" -o "$OUT/$name"
	done
	go run ./internal/ossfuzz/run "$OUT" # the seeds
	cd "$module"
}

(cd internal/ossfuzz && go run . list) >"$WORK/targets"
while read -r package targets <&3; do
	[[ $package == "${ONLY:-$package}" ]] || continue
	# shellcheck disable=SC2086 # the targets are words
	fuzz "$package" $targets
done 3<"$WORK/targets"
