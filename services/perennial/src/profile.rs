//! Profiles: servers and keys by name, in a file that only its owner reads.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use figment::{
    Figment,
    providers::{Format as _, Toml},
};
use serde::Deserialize;
use serde_json::json;

use crate::{
    cli::{ProfilesCommand, RemoteArgs},
    failure::misused,
    screen::{Column, List, Screen},
};

/// The profile of commands that name none.
const DEFAULT: &str = "default";
/// The address where nothing says another.
const ADDRESS: &str = "127.0.0.1:50051";
const COLUMNS: [Column; 4] = [
    Column::text("profile", "profile"),
    Column::text("address", "address"),
    Column::text("project", "project"),
    Column::flag("key", "key"),
];

/// A server, and how to be let in. What is absent has to come from elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// gRPC address.
    pub address: Option<String>,
    /// API key.
    pub key: Option<String>,
    /// Project to act in.
    pub project: Option<String>,
}

/// Where a command goes.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    /// gRPC address.
    pub address: String,
    /// API key.
    pub key: String,
    /// Project to act in, if another than the key's.
    pub project: Option<String>,
}

/// Puts together what the flags, the environment and the profile say.
pub fn target(remote: &RemoteArgs) -> anyhow::Result<Target> {
    let mut profiles = read(&file(remote)?)?;
    let profile = match &remote.profile {
        Some(name) => profiles
            .remove(name)
            .ok_or_else(|| misused(format!("there is no profile `{name}`")))?,
        None => profiles.remove(DEFAULT).unwrap_or_default(),
    };
    let given = |flag: &Option<String>, kept: Option<String>| flag.clone().or(kept);
    Ok(Target {
        address: given(&remote.address, profile.address).unwrap_or_else(|| ADDRESS.to_owned()),
        key: given(&remote.key, profile.key)
            .ok_or_else(|| misused("an API key is needed: --key, PERENNIAL_KEY or a profile"))?,
        project: given(&remote.project, profile.project),
    })
}

/// Does something with the profiles themselves.
pub fn run(
    command: ProfilesCommand,
    remote: &RemoteArgs,
    screen: &mut Screen,
) -> anyhow::Result<()> {
    let file = file(remote)?;
    let mut profiles = read(&file)?;
    match command {
        ProfilesCommand::List => {}
        ProfilesCommand::Set { name } => {
            let profile = Profile {
                address: remote.address.clone(),
                key: remote.key.clone(),
                project: remote.project.clone(),
            };
            if profile == Profile::default() {
                return Err(misused("say what to keep: --address, --key or --project"));
            }
            profiles.insert(name, profile);
            write(&file, &profiles)?;
        }
        ProfilesCommand::Remove { name } => {
            if profiles.remove(&name).is_none() {
                return Err(misused(format!("there is no profile `{name}`")));
            }
            write(&file, &profiles)?;
        }
    }
    let items = profiles.iter().map(|(name, profile)| {
        json!({
            "profile": name,
            "address": profile.address,
            "project": profile.project,
            "key": profile.key.is_some(),
        })
    });
    screen.list(&List {
        name: "profiles",
        columns: &COLUMNS,
        items: items.collect(),
        more: false,
    })
}

fn file(remote: &RemoteArgs) -> anyhow::Result<PathBuf> {
    if let Some(file) = &remote.profiles {
        return Ok(file.clone());
    }
    let home = std::env::home_dir()
        .ok_or_else(|| misused("there is no home folder: --profiles or PERENNIAL_PROFILES"))?;
    Ok(home.join(".config/perennial/profiles.toml"))
}

/// All profiles of a file; none when there is no file.
fn read(file: &Path) -> anyhow::Result<BTreeMap<String, Profile>> {
    if !file.exists() {
        return Ok(BTreeMap::new());
    }
    let profiles = Figment::from(Toml::file_exact(file)).extract();
    profiles.with_context(|| format!("{} has no profiles", file.display()))
}

fn write(file: &Path, profiles: &BTreeMap<String, Profile>) -> anyhow::Result<()> {
    let place = || file.display().to_string();
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).with_context(place)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut opened = options.open(file).with_context(place)?;
    opened
        .write_all(toml(profiles).as_bytes())
        .with_context(place)
}

/// The file's text. A text in JSON is one in TOML too.
fn toml(profiles: &BTreeMap<String, Profile>) -> String {
    let mut text = String::new();
    for (name, profile) in profiles {
        text.push_str(&format!("[{}]\n", json!(name)));
        for (field, value) in [
            ("address", &profile.address),
            ("key", &profile.key),
            ("project", &profile.project),
        ] {
            if let Some(value) = value {
                text.push_str(&format!("{field} = {}\n", json!(value)));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use clap::Parser as _;

    use super::*;
    use crate::{
        cli::{Cli, Command, Output},
        failure::exit_code,
    };

    /// Runs `perennial profiles …` on a file; what it said.
    fn profiles(file: &Path, arguments: &[&str]) -> anyhow::Result<String> {
        let all = ["perennial", "profiles"].iter().chain(arguments);
        let cli = Cli::try_parse_from(all)?;
        let Some(Command::Profiles { command }) = cli.command else {
            panic!("another command");
        };
        let mut remote = cli.remote;
        remote.profiles = Some(file.to_owned());
        let mut out = Vec::new();
        run(
            command,
            &remote,
            &mut Screen::new(&mut out, Output::Csv, false),
        )?;
        Ok(String::from_utf8(out)?)
    }

    fn asked(file: &Path, arguments: &[&str]) -> anyhow::Result<Target> {
        let all = ["perennial", "clock", "show"].iter().chain(arguments);
        let mut remote = Cli::try_parse_from(all)?.remote;
        remote.profiles = Some(file.to_owned());
        target(&remote)
    }

    #[test]
    fn a_command_line_is_kept_and_used() {
        let folder = tempfile::tempdir().unwrap();
        let file = &folder.path().join("new/profiles.toml");
        let missing = asked(file, &[]).map(|_| ()).unwrap_err();
        assert_eq!(exit_code(&missing), 2, "{missing}");

        profiles(file, &["set", "--key", "k\"1"]).unwrap();
        let odd = [
            "set",
            "the \"eu\" one",
            "--address",
            "https://eu:1",
            "--key",
            "k2",
            "--project",
            "p",
        ];
        let said = profiles(file, &odd).unwrap();
        let listed = "profile,address,project,key\ndefault,,,yes\n\"the \"\"eu\"\" one\",https://eu:1,p,yes\n";
        assert_eq!(said, listed);
        assert_eq!(profiles(file, &["list"]).unwrap(), listed);

        let target = asked(file, &[]).unwrap();
        assert_eq!(
            (target.address.as_str(), target.key.as_str()),
            (ADDRESS, "k\"1")
        );
        let target = asked(file, &["--profile", "the \"eu\" one", "--key", "other"]).unwrap();
        assert_eq!(
            (target.address.as_str(), target.key.as_str()),
            ("https://eu:1", "other")
        );
        assert_eq!(target.project.as_deref(), Some("p"));

        assert_eq!(
            profiles(file, &["remove", "default"])
                .unwrap()
                .lines()
                .count(),
            2
        );
        assert!(profiles(file, &["remove", "default"]).is_err());
        assert!(asked(file, &["--profile", "nobody"]).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_reads_the_file() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("profiles.toml");
        profiles(&file, &["set", "--key", "k"]).unwrap();
        assert_eq!(
            fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }

    #[test]
    fn a_file_that_says_something_else_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("profiles.toml");
        for text in ["[default]\nkee = \"x\"\n", "not toml"] {
            fs::write(&file, text).unwrap();
            assert!(asked(&file, &["--key", "k"]).is_err(), "{text}");
        }
    }
}
