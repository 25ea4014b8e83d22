//! How commands reach a server, and how they answer.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Rows of a list for people, unless they say.
const ROWS: usize = 100;

/// How to reach a running server. Flags come before the environment, and that before the profile.
#[derive(Clone, Debug, Args)]
pub struct RemoteArgs {
    /// gRPC address of the server, `https://` for TLS [default: 127.0.0.1:50051]
    #[arg(long, global = true, env = "PERENNIAL_ADDRESS")]
    pub address: Option<String>,
    /// API key
    #[arg(long, global = true, env = "PERENNIAL_KEY", hide_env_values = true)]
    pub key: Option<String>,
    /// Project to act in (id or name); needs the operator right
    #[arg(long, global = true, env = "PERENNIAL_PROJECT")]
    pub project: Option<String>,
    /// Where address, key and project come from that are not given [default: default]
    #[arg(long, global = true, env = "PERENNIAL_PROFILE", value_name = "NAME")]
    pub profile: Option<String>,
    /// File of the profiles [default: ~/.config/perennial/profiles.toml]
    #[arg(long, global = true, env = "PERENNIAL_PROFILES", value_name = "FILE")]
    pub profiles: Option<PathBuf>,
    /// Form of the answer
    #[arg(long, global = true, default_value = "text")]
    pub output: Output,
}

/// Form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people
    Text,
    /// One JSON object
    Json,
    /// A line for each row, with a head; only for tables
    Csv,
}

/// How much of a list to show.
#[derive(Clone, Copy, Debug, Args)]
pub struct Listing {
    /// Rows at most; 0 means all [default: 100 as text, else all]
    #[arg(long, value_name = "ROWS")]
    pub limit: Option<usize>,
}

impl Listing {
    /// All there is.
    pub const ALL: Self = Self { limit: Some(0) };

    /// Rows at most.
    pub fn most(self, output: Output) -> usize {
        match self.limit {
            Some(0) => usize::MAX,
            Some(limit) => limit,
            None if output == Output::Text => ROWS,
            None => usize::MAX,
        }
    }
}
