//! Where settings come from: the file, the environment and flags are gathered by name, taken out one by one, and what is
//! wrong with any of them is kept until all were looked at.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::{Path, PathBuf},
};

use figment::{
    Figment,
    providers::{Format as _, Toml},
    value::Value,
};

use super::{
    ConfigErrors,
    names::{Variable, is_of, meant},
};
use crate::{
    names::LOOKED_UP_TLS,
    tls::{IdentityFiles, LinkFiles, ListenerFiles, Port},
};

fn is_encrypted(address: &str) -> bool {
    let address = address.trim();
    address.starts_with("https://") || address.starts_with(LOOKED_UP_TLS)
}

fn read_file(
    path: &Path,
    values: &mut BTreeMap<String, (String, String)>,
    problems: &mut Vec<String>,
) {
    let source = path.display().to_string();
    if !path.is_file() {
        problems.push(format!("config: there is no file {source}"));
        return;
    }
    let parsed: Result<BTreeMap<String, Value>, _> =
        Figment::from(Toml::file_exact(path)).extract();
    let parsed = match parsed {
        Ok(parsed) => parsed,
        Err(errors) => {
            problems.extend(errors.into_iter().map(|error| format!("{source}: {error}")));
            return;
        }
    };
    for (key, value) in parsed {
        if let Value::Dict(_, fields) = &value {
            for (field, value) in fields {
                insert(values, problems, format!("{key}.{field}"), value, &source);
            }
        } else {
            insert(values, problems, key, &value, &source);
        }
    }
}

fn insert(
    values: &mut BTreeMap<String, (String, String)>,
    problems: &mut Vec<String>,
    key: String,
    value: &Value,
    source: &str,
) {
    let text = value
        .as_str()
        .map(str::to_owned)
        .or_else(|| value.to_bool().map(|value| value.to_string()))
        .or_else(|| value.to_i128().map(|value| value.to_string()));
    match text {
        Some(text) => {
            values.insert(key, (text, source.to_owned()));
        }
        None => problems.push(format!(
            "{key} ({source}): must be a text, a number or a flag"
        )),
    }
}

/// Takes values out by name and collects what is wrong with them.
pub struct Reader {
    values: BTreeMap<String, (String, String)>,
    problems: Vec<String>,
}

impl Reader {
    /// Gathers all settings; a later source wins over an earlier one.
    pub fn new(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
        flags: BTreeMap<String, String>,
    ) -> Self {
        let mut problems = Vec::new();
        let mut values = BTreeMap::new();
        if let Some(path) = file {
            read_file(path, &mut values, &mut problems);
        }
        for (name, value) in environment {
            match Variable::of(&name) {
                Variable::Setting(key) => {
                    values.insert(key, (value, name));
                }
                Variable::Misspelled(meant) => {
                    problems.push(format!("{name}: is not a setting; is {meant} meant?"));
                }
                Variable::Foreign => {}
            }
        }
        for (key, value) in flags {
            let flag = format!("--{}", key.replace(['_', '.'], "-"));
            values.insert(key, (value, flag));
        }
        Self { values, problems }
    }

    /// Notes a problem.
    pub fn complain(&mut self, problem: String) {
        self.problems.push(problem);
    }

    /// A text as it is.
    pub fn text(&mut self, key: &str) -> Option<String> {
        self.values.remove(key).map(|(value, _)| value)
    }

    /// What a text means.
    pub fn parse<T>(&mut self, key: &str, read: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let (value, source) = self.values.remove(key)?;
        read(&value)
            .map_err(|problem| self.problems.push(format!("{key} ({source}): {problem}")))
            .ok()
    }

    /// Yes or no.
    pub fn flag(&mut self, key: &str, default: bool) -> bool {
        self.parse(key, |text| match text {
            "true" | "1" => Ok(true),
            "false" | "0" | "" => Ok(false),
            _ => Err("must be `true` or `false`".to_owned()),
        })
        .unwrap_or(default)
    }

    /// Where to listen.
    pub fn address(&mut self, key: &str, default: &str) -> SocketAddr {
        let read = |text: &str| {
            let text = text.replace("localhost", "127.0.0.1");
            text.parse()
                .map_err(|_| format!("`{text}` is not an address such as {default}"))
        };
        self.parse(key, read)
            .unwrap_or_else(|| default.parse().expect("defaults are addresses"))
    }

    /// Where to keep things.
    pub fn database(&mut self, key: &str) -> Option<String> {
        self.parse(key, |text| {
            let known = ["sqlite:", "postgres://", "postgresql://"];
            if known.iter().any(|scheme| text.starts_with(scheme)) {
                Ok(text.to_owned())
            } else {
                Err("must start with sqlite: or postgres://".to_owned())
            }
        })
    }

    /// The PEM files of a listener, which are read once to see whether they can be used.
    pub fn listener_tls(&mut self, port: Port) -> Option<ListenerFiles> {
        let prefix = format!("{}_tls", port.name());
        let authorities = format!("{prefix}_client_authorities");
        let identity = self.identity(&prefix, &authorities);
        let client_authorities = self.file(&authorities);
        let files = ListenerFiles {
            identity: identity?,
            client_authorities,
        };
        let usable = files.check(port);
        usable
            .map_err(|error| self.complain(format!("{prefix}_certificate: {error}")))
            .ok()?;
        Some(files)
    }

    /// The PEM files of links to other processes, which are read once as well.
    pub fn link_tls(
        &mut self,
        services: &BTreeMap<String, BTreeMap<String, String>>,
    ) -> Option<LinkFiles> {
        let authorities = "link_tls_authorities";
        let given = self.values.contains_key(authorities);
        for name in ["link_tls_certificate", "link_tls_key"] {
            if !given && self.values.contains_key(name) {
                self.complain(format!("{name}: needs {authorities} as well"));
            }
        }
        self.check_addresses(services, given);
        let identity = self.identity("link_tls", "");
        let files = LinkFiles {
            authorities: self.file(authorities)?,
            identity,
        };
        let usable = files.check();
        usable
            .map_err(|error| self.complain(format!("{authorities}: {error}")))
            .ok()?;
        Some(files)
    }

    /// An encrypted address needs authorities. Authorities beside nothing but plain addresses are a mistake: who gave
    /// them takes the links for encrypted.
    fn check_addresses(
        &mut self,
        services: &BTreeMap<String, BTreeMap<String, String>>,
        authorities: bool,
    ) {
        let addresses = services
            .iter()
            .filter_map(|(service, settings)| Some((service, settings.get("url")?)));
        let (encrypted, plain): (Vec<_>, Vec<_>) =
            addresses.partition(|(_, url)| url.split(',').any(is_encrypted));
        if authorities && encrypted.is_empty() && !plain.is_empty() {
            self.complain(
                "link_tls_authorities: no address of a service begins with https://".to_owned(),
            );
        }
        if !authorities {
            for (service, url) in encrypted {
                self.complain(format!("{service}.url: `{url}` needs link_tls_authorities"));
            }
        }
    }

    /// The files of a certificate and its key: both or none, and both where `dependent` is given.
    fn identity(&mut self, prefix: &str, dependent: &str) -> Option<IdentityFiles> {
        let certificate = format!("{prefix}_certificate");
        let key = format!("{prefix}_key");
        for needed in [&certificate, &key] {
            let needing = [certificate.as_str(), key.as_str(), dependent]
                .into_iter()
                .find(|name| self.values.contains_key(*name));
            if let Some(needing) = needing
                && !self.values.contains_key(needed)
            {
                self.complain(format!("{needing}: needs {needed} as well"));
            }
        }
        let (certificate, key) = (self.file(&certificate), self.file(&key));
        Some(IdentityFiles {
            certificate: certificate?,
            key: key?,
        })
    }

    fn file(&mut self, key: &str) -> Option<PathBuf> {
        self.parse(key, |text| match std::fs::read(text) {
            Ok(_) => Ok(PathBuf::from(text)),
            Err(error) => Err(format!("`{text}` cannot be read: {error}")),
        })
    }

    /// The settings of parts.
    pub fn services(&mut self) -> BTreeMap<String, BTreeMap<String, String>> {
        let keys: BTreeSet<String> = self
            .values
            .keys()
            .filter(|key| {
                let split = key.split_once('.');
                split.is_some_and(|(part, name)| is_of(part, name))
            })
            .cloned()
            .collect();
        let mut services: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        for key in keys {
            let value = if key.ends_with(".database_url") {
                self.database(&key)
            } else {
                self.text(&key)
            };
            if let (Some((service, field)), Some(value)) = (key.split_once('.'), value) {
                services
                    .entry(service.to_owned())
                    .or_default()
                    .insert(field.to_owned(), value);
            }
        }
        services
    }

    /// Ends the reading: what nobody asked for is no setting. Tells everything that is wrong.
    pub fn finish(mut self) -> Result<(), ConfigErrors> {
        self.values.remove("config");
        for (key, (_, source)) in std::mem::take(&mut self.values) {
            let hint = meant(&key).map_or(String::new(), |meant| format!("; is `{meant}` meant?"));
            self.complain(format!("{key} ({source}): is not a setting{hint}"));
        }
        if self.problems.is_empty() {
            Ok(())
        } else {
            Err(ConfigErrors(self.problems))
        }
    }
}
