# make test and make bench set up what they need on a fresh machine. cargo run --release -- bench does the same work without make.

.PHONY: test bench fuzz setup fmt lint kernels check-kernels golden

test: setup
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings
	cargo test --all-targets
	cargo test --doc
	cargo run -- bench --workload all --backend all --txs 4096 --accounts 1024 --repeat 1

bench: setup
	cargo run --release -- bench

# Any bytes as code, as artifacts, as programs and batches; scripts/fuzz.sh takes the seconds and the targets. Installs cargo-fuzz.
fuzz: setup
	scripts/fuzz.sh

# Vulkan: a driver that answers, the software one where there is no GPU, or a word on what is missing.
setup:
	@scripts/vulkan.sh

fmt:
	cargo fmt

lint:
	cargo clippy --all-targets -- -D warnings

# Compiles the contracts again (needs node and npm; building clearwave does not).
kernels:
	cd kernels && npm ci && node compile.mjs

check-kernels:
	cd kernels && npm ci && node compile.mjs --check

# Writes the goldens anew; read the difference before committing it.
golden:
	UPDATE_GOLDEN=1 cargo test --test lower
