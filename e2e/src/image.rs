//! Images that are made here, of one program each and what it needs to start.

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
    /// The program, and the name of the image.
    pub binary: &'static str,
    build: Build,
}

/// Where the file of a program comes from.
#[derive(Clone, Copy, Debug)]
enum Build {
    /// Small and static, as it is shipped, from the crate of the same name.
    Shipped,
    /// As it lies beside the suite, built with it; its libraries are those of this machine.
    WithSuite,
}

/// The operator.
pub const OPERATOR: Program = Program {
    binary: "arc-operator",
    build: Build::Shipped,
};
/// What containers of scenarios run.
pub const OUTCOME: Program = Program {
    binary: "arc-outcome",
    build: Build::WithSuite,
};
/// How large a program may be, and with it its image.
const BYTES_MAX: u64 = 15 << 20;
const TAG: &str = "e2e";
/// Of cargo, for what is shipped.
const PROFILE: &str = "image";

impl Program {
    /// Builds the program, and below `folder` an image of it and of the libraries that it needs.
    ///
    /// # Errors
    /// Cargo or Docker fail.
    pub async fn image(self, folder: &Path) -> Result<Image> {
        let root = folder.join(self.binary);
        fs::create_dir_all(root.join("tmp"))?;
        fs::set_permissions(root.join("tmp"), fs::Permissions::from_mode(0o1777))?;
        let file = root.join(self.binary);
        match self.build {
            Build::Shipped => fs::copy(self.ship().await?, &file).map(drop)?,
            Build::WithSuite => {
                let built = env::current_exe()?.with_file_name(self.binary);
                copy_libraries(&built, &root).await?;
                let mut strip = Command::new("strip");
                run(strip.arg("-o").arg(&file).arg(built)).await?;
            }
        }
        let n_bytes = fs::metadata(&file)?.len();
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

    /// Builds the program so that it needs no library of the system that it runs on.
    async fn ship(self) -> Result<PathBuf> {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(cargo);
        build.args(["rustc", "--profile", PROFILE, "--package", self.binary]);
        build.args([
            "--bin",
            self.binary,
            "--",
            "-C",
            "target-feature=+crt-static",
        ]);
        run(&mut build).await?;
        Ok(target().join(PROFILE).join(self.binary))
    }
}

/// Copies the libraries that `program` is loaded with, and the loader, to the same places below `root`.
async fn copy_libraries(program: &Path, root: &Path) -> Result<()> {
    let listed = run(Command::new("ldd").arg(program)).await?;
    for path in listed
        .split_whitespace()
        .filter(|word| word.starts_with('/'))
    {
        let to = root.join(path.trim_start_matches('/'));
        fs::create_dir_all(to.parent().context("a library lies in a folder")?)?;
        fs::copy(path, to).with_context(|| format!("copy {path}"))?;
    }
    Ok(())
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

/// What `command` prints; what else it says is told if it fails.
async fn run(command: &mut Command) -> Result<String> {
    let shown = format!("{:?}", command.as_std());
    let ended = command.stdin(Stdio::null()).output().await;
    let ended = ended.with_context(|| format!("run {shown}"))?;
    let said = String::from_utf8_lossy(&ended.stderr);
    ensure!(ended.status.success(), "{shown}: {said}");
    Ok(String::from_utf8(ended.stdout)?)
}
