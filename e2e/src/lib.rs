//! The place of the end-to-end suite: the scenarios of `features/` on k3s with Argo, through testcontainers.
//!
//! Nothing of it is written yet; `make e2e` says so.
