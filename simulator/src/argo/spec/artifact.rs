//! Artifacts: files that go into and come out of templates.

use schemars::{Schema, SchemaGenerator};

use super::artifact_location::{
    ArtifactoryArtifact, AzureArtifact, GcsArtifact, GitArtifact, HdfsArtifact, HttpArtifact,
    OssArtifact, RawArtifact, S3Artifact,
};
use super::template::Metadata;
use super::wire::{anything, wire};
use crate::json::Value;

wire! {
    /// A file or folder, where it lies, and where it is mounted.
    pub struct Artifact {
        /// Unique in its list.
        pub name: String,
        /// Where it lies in the container.
        pub path: String,
        /// Permission bits for an input.
        pub mode: Option<i32>,
        /// A reference to an artifact of a step or task.
        pub from: String,
        /// Whether logs are kept with it.
        pub archive_logs: Option<bool>,
        /// In an S3 bucket.
        pub s3: Option<Box<S3Artifact>>,
        /// In a Git repository.
        pub git: Option<Box<GitArtifact>>,
        /// Behind a URL.
        pub http: Option<Box<HttpArtifact>>,
        /// In JFrog Artifactory.
        pub artifactory: Option<Box<ArtifactoryArtifact>>,
        /// In HDFS.
        pub hdfs: Option<Box<HdfsArtifact>>,
        /// Written in the manifest.
        pub raw: Option<RawArtifact>,
        /// In an Alibaba bucket.
        pub oss: Option<Box<OssArtifact>>,
        /// In a Google bucket.
        pub gcs: Option<Box<GcsArtifact>>,
        /// In an Azure container.
        pub azure: Option<Box<AzureArtifact>>,
        /// Through an artifact plugin.
        #[schemars(schema_with = "anything")]
        pub plugin: Option<Value>,
        /// Exports an output under this name to the whole Workflow.
        pub global_name: String,
        /// How it is packed.
        pub archive: Option<ArchiveStrategy>,
        /// Whether its absence is no failure.
        pub optional: bool,
        /// A part of the source.
        pub sub_path: String,
        /// Whether `mode` holds for everything inside.
        pub recurse_mode: bool,
        /// An expression that yields an artifact.
        pub from_expression: String,
        /// When it is deleted.
        #[serde(rename = "artifactGC")]
        pub artifact_gc: Option<ArtifactGc>,
        /// Whether it was deleted.
        pub deleted: bool,
    }

    /// Where a template's outputs and logs are kept.
    pub struct ArtifactLocation {
        /// Whether logs are kept.
        pub archive_logs: Option<bool>,
        /// In an S3 bucket.
        pub s3: Option<Box<S3Artifact>>,
        /// In a Git repository.
        pub git: Option<Box<GitArtifact>>,
        /// Behind a URL.
        pub http: Option<Box<HttpArtifact>>,
        /// In JFrog Artifactory.
        pub artifactory: Option<Box<ArtifactoryArtifact>>,
        /// In HDFS.
        pub hdfs: Option<Box<HdfsArtifact>>,
        /// Written in the manifest.
        pub raw: Option<RawArtifact>,
        /// In an Alibaba bucket.
        pub oss: Option<Box<OssArtifact>>,
        /// In a Google bucket.
        pub gcs: Option<Box<GcsArtifact>>,
        /// In an Azure container.
        pub azure: Option<Box<AzureArtifact>>,
        /// Through an artifact plugin.
        #[schemars(schema_with = "anything")]
        pub plugin: Option<Value>,
    }

    /// How an artifact is packed; one field is set.
    pub struct ArchiveStrategy {
        /// As a compressed tar file.
        pub tar: Option<TarStrategy>,
        /// As it is.
        #[schemars(schema_with = "object")]
        pub none: Option<Value>,
        /// As a zip file.
        #[schemars(schema_with = "object")]
        pub zip: Option<Value>,
    }

    /// A tar file.
    pub struct TarStrategy {
        /// Gzip level; `0` does not compress.
        pub compression_level: Option<i32>,
    }

    /// When and by whom an artifact is deleted.
    pub struct ArtifactGc {
        /// `OnWorkflowCompletion`, `OnWorkflowDeletion` or `Never`.
        pub strategy: String,
        /// For the pods that delete.
        pub pod_metadata: Option<Metadata>,
        /// For the pods that delete.
        pub service_account_name: String,
    }

    /// The deletion of artifacts for a whole Workflow.
    pub struct WorkflowLevelArtifactGc {
        /// `OnWorkflowCompletion`, `OnWorkflowDeletion` or `Never`.
        pub strategy: String,
        /// For the pods that delete.
        pub pod_metadata: Option<Metadata>,
        /// For the pods that delete.
        pub service_account_name: String,
        /// Whether the Workflow goes even if a deletion failed.
        pub force_finalizer_removal: bool,
        /// A patch for the pods that delete.
        pub pod_spec_patch: String,
    }

    /// Which artifact repository a Workflow uses.
    pub struct ArtifactRepositoryRef {
        /// A ConfigMap of repositories.
        pub config_map: String,
        /// A key in it.
        pub key: String,
    }
}

fn object(_: &mut SchemaGenerator) -> Schema {
    schemars::json_schema!({"type": "object"})
}

impl Artifact {
    /// Whether it says where it lies, by a location of its own or by a key.
    #[must_use]
    pub fn has_location(&self) -> bool {
        self.s3.is_some()
            || self.git.is_some()
            || self.http.is_some()
            || self.artifactory.is_some()
            || self.hdfs.is_some()
            || self.raw.is_some()
            || self.oss.is_some()
            || self.gcs.is_some()
            || self.azure.is_some()
            || self.plugin.is_some()
    }
}
