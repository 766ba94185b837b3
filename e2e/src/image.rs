//! Images that are made here, of one static program each.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::{env, fs};

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

/// An image in Docker, and as an archive for the node.
#[derive(Clone, Debug)]
pub struct Image {
    /// With its tag.
    pub name: String,
    /// What `docker save` wrote.
    pub archive: PathBuf,
}

/// A program of the workspace that an image is made of.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// The crate.
    pub package: &'static str,
    /// The program, and the name of the image.
    pub binary: &'static str,
}

/// The operator.
pub const OPERATOR: Program = Program {
    package: "arc-operator",
    binary: "arc-operator",
};
/// What containers of scenarios run.
pub const OUTCOME: Program = Program {
    package: "arc-simulator",
    binary: "arc-outcome",
};
/// How large a program may be, and with it its image.
const BYTES_MAX: u64 = 15 << 20;
const TAG: &str = "e2e";

impl Program {
    /// Builds the program and an image of it and of nothing else, below `folder`.
    ///
    /// # Errors
    /// Cargo or Docker fail.
    pub async fn image(self, folder: &Path) -> Result<Image> {
        let root = folder.join(self.binary);
        fs::create_dir_all(root.join("tmp"))?;
        fs::set_permissions(root.join("tmp"), fs::Permissions::from_mode(0o1777))?;
        let n_bytes = fs::copy(self.build().await?, root.join(self.binary))?;
        ensure!(
            n_bytes <= BYTES_MAX,
            "{} has {n_bytes} bytes, at most {BYTES_MAX} are wanted",
            self.binary
        );
        let files = folder.join(format!("{}.files.tar", self.binary));
        let mut tar = Command::new("tar");
        tar.args(["--owner=0", "--group=0", "-cf"]).arg(&files);
        run(tar.arg("-C").arg(&root).arg(".")).await?;
        let name = self.name();
        let entry = format!("ENTRYPOINT [\"/{}\"]", self.binary);
        let mut import = Command::new("docker");
        import.args(["import", "--change", &entry, "--change", "USER 65532:65532"]);
        run(import.arg(&files).arg(&name)).await?;
        let archive = folder.join(format!("{}.tar", self.binary));
        run(Command::new("docker")
            .arg("save")
            .arg("-o")
            .arg(&archive)
            .arg(&name))
        .await?;
        Ok(Image { name, archive })
    }

    /// What the image is called, with its tag.
    #[must_use]
    pub fn name(self) -> String {
        format!("{}:{TAG}", self.binary)
    }

    /// The program, which needs no library of the system that it runs on.
    async fn build(self) -> Result<PathBuf> {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(cargo);
        build
            .args([
                "rustc",
                "--release",
                "--package",
                self.package,
                "--bin",
                self.binary,
            ])
            .args([
                "--",
                "-C",
                "target-feature=+crt-static",
                "-C",
                "strip=symbols",
            ]);
        run(&mut build).await?;
        Ok(target().join("release").join(self.binary))
    }
}

/// Where images are made.
#[must_use]
pub fn folder() -> PathBuf {
    target().join("e2e")
}

fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(workspace_target, PathBuf::from)
}

fn workspace_target() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target")
}

/// Runs `command` to its end; what it says is told if it fails.
async fn run(command: &mut Command) -> Result<()> {
    let shown = format!("{:?}", command.as_std());
    let ended = command.stdin(Stdio::null()).output().await;
    let ended = ended.with_context(|| format!("run {shown}"))?;
    let said = String::from_utf8_lossy(&ended.stderr);
    ensure!(ended.status.success(), "{shown}: {said}");
    Ok(())
}
