//! What is to be seen at a destination, from outside, once an Order has ended.

use anyhow::{Context, Result, ensure};

use crate::outside::Outside;

/// What must have arrived.
#[derive(Clone, Copy, Debug)]
pub(super) enum Arrival {
    /// What cases before it moved.
    AsBefore,
    /// An image of this repository and tag, under one digest in both registries, signed, and with its scan attested.
    SignedImage(&'static str),
    /// No tag of this repository.
    NoTag(&'static str),
    /// The sample chart in this repository, which renders as the one that was sent.
    Chart(&'static str),
    /// An object of this bucket and key with the bytes of this file of the HTTP service.
    Object(&'static str, &'static str),
    /// No object of this bucket and key.
    NoObject(&'static str),
}

impl Arrival {
    /// Looks.
    ///
    /// # Errors
    /// It is not so.
    pub(super) async fn check(self, outside: &Outside<'_>, key: &str) -> Result<()> {
        match self {
            Self::AsBefore => Ok(()),
            Self::SignedImage(reference) => check_image(outside, reference, key).await,
            Self::NoTag(repository) => {
                let tags = outside.tags(repository).await?;
                ensure!(tags.is_none(), "{repository} arrived");
                Ok(())
            }
            Self::Chart(repository) => check_chart(outside, repository).await,
            Self::Object(object, file) => {
                let arrived = outside.object(object).await?;
                let arrived = arrived.with_context(|| format!("{object} is not there"))?;
                ensure!(arrived == outside.file(file)?, "{object} is not {file}");
                Ok(())
            }
            Self::NoObject(object) => {
                ensure!(outside.object(object).await?.is_none(), "{object} arrived");
                Ok(())
            }
        }
    }
}

/// That the destination holds what the source does, signed and attested by `key`.
async fn check_image(outside: &Outside<'_>, reference: &str, key: &str) -> Result<()> {
    let sent = outside.digest("source", reference).await?;
    let arrived = outside.digest("destination", reference).await?;
    ensure!(sent == arrived, "{sent} was sent, {arrived} arrived");
    let forward = outside.forward("destination").await?;
    let image = format!("{}/{reference}", forward.address);
    let signature = ["verify", "--key", key, &image];
    outside.run("cosign", &signature).await?;
    // The log of the suite keeps the entries of signatures only.
    let attestation = ["verify-attestation", "--key", key, "--type", "vuln"];
    let attestation = [&attestation[..], &["--insecure-ignore-tlog", &image]].concat();
    outside.run("cosign", &attestation).await?;
    Ok(())
}

/// Packing a chart anew gives it another digest: what counts is that it says the same.
async fn check_chart(outside: &Outside<'_>, repository: &str) -> Result<()> {
    const VERSION: &str = "0.1.0";
    let forward = outside.forward("destination").await?;
    let arrived = format!("oci://{}/{repository}", forward.address);
    let arrived = ["template", "sample", &arrived, "--version", VERSION];
    let arrived = outside.run("helm", &arrived).await?;
    let sent = outside.path("sample-chart-0.1.0.tgz");
    let sent = ["template".as_ref(), "sample".as_ref(), sent.as_os_str()];
    let sent = outside.run("helm", &sent).await?;
    ensure!(sent == arrived, "the chart renders otherwise:\n{arrived}");
    Ok(())
}
