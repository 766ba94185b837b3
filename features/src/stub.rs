#![allow(missing_docs, unused)]
use jiff::SignedDuration;
#[derive(Clone, Copy, Debug, Default)]
pub enum Transport {
    #[default]
    InProcess,
    Https,
}
#[derive(Clone, Debug, Default)]
pub struct ClusterConfig {
    pub seed: u64,
    pub transport: Transport,
}
pub struct Cluster;
impl Cluster {
    pub async fn start(_c: ClusterConfig) -> anyhow::Result<Self> {
        anyhow::bail!("no cluster yet")
    }
    pub fn client(&self, _n: &str) -> kube::Client {
        unimplemented!()
    }
    pub async fn settle(&mut self) -> anyhow::Result<()> {
        unimplemented!()
    }
    pub async fn advance(&mut self, _d: SignedDuration) -> anyhow::Result<()> {
        unimplemented!()
    }
    pub fn set_outcomes(&mut self, _b: arc_simulator::outcomes::Book) {
        unimplemented!()
    }
}
