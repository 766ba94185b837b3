# Everything a contributor or the CI calls; `make` alone lists it.
.DEFAULT_GOAL := help
.PHONY: help run test check features e2e bench fuzz golden crds

help: ## list the targets
	@grep -hE '^[a-z0-9]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

run: ## run the OCI Order of fixtures/oci in a simulated cluster
	cargo run --quiet --bin arcsim -- run fixtures/oci

test: ## pass every test that needs nothing but Rust
	cargo test $(ARGS)

check: ## format, lints, tests of the libraries, documentation
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings
	cargo test --lib --bins && RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --quiet

features: ## run every scenario on both simulated backends
	cargo test -p arc-features --test simulated

# With the test of the suite, so that every crate is built with the features that the workspace's tests have: once.
e2e: ## scenarios and real pipelines on k3s, ARGS=--help for more; says SKIPPED where that cannot be had
	cargo build --quiet --workspace --test without_docker --bin arc-e2e --bin arc-outcome
	$(or $(CARGO_TARGET_DIR),target)/debug/arc-e2e --junit $(or $(CARGO_TARGET_DIR),target)/e2e.xml $(ARGS)

bench: ## measure the budgets
	cargo bench -p arc-simulator

FUZZ = cargo run --quiet --config simulator/fuzz/coverage.toml --profile fuzz -p arc-fuzz --features libfuzzer
CORPUS = $(or $(CARGO_TARGET_DIR),target)/corpus

fuzz: ## let libFuzzer loose on the API server, FOR=600 seconds at each of the TARGETS="cel paths patches selectors yaml"
	for target in $(or $(TARGETS),cel paths patches selectors yaml); do mkdir -p $(CORPUS)/$$target; \
	$(FUZZ) --bin fuzz-$$target -- -max_total_time=$(or $(FOR),600) -rss_limit_mb=2048 -timeout=20 -dict=simulator/fuzz/words.dict \
	-artifact_prefix=$(CORPUS)/$$target- $(CORPUS)/$$target simulator/fuzz/seeds/$$target || exit 1; done

golden: ## rewrite expectations; the diff is the change of behaviour
	UPDATE_GOLDEN=1 INSTA_UPDATE=always cargo test

crds: ## print the CustomResourceDefinitions
	cargo run --quiet -p arc-operator -- crds
