//! Update masks: which fields of a resource an update changes.

use tonic::Status;

use crate::error::invalid;

/// Which fields an update changes.
pub struct Mask {
    paths: Option<Vec<String>>,
}

impl Mask {
    /// Reads an update mask. `known` are the paths that can be changed, `ignored` those that
    /// are output only.
    pub fn from_proto(
        wire: Option<&prost_types::FieldMask>,
        known: &[&str],
        ignored: &[&str],
    ) -> Result<Self, Status> {
        let Some(wire) = wire.filter(|mask| !mask.paths.is_empty()) else {
            return Ok(Self { paths: None });
        };
        if wire.paths.iter().any(|path| path == "*") {
            let all = known.iter().map(|path| (*path).to_owned()).collect();
            return Ok(Self { paths: Some(all) });
        }
        let unknown = wire
            .paths
            .iter()
            .find(|path| !known.contains(&path.as_str()) && !ignored.contains(&path.as_str()));
        if let Some(path) = unknown {
            return Err(invalid("update_mask", &format!("unknown path {path}")));
        }
        Ok(Self {
            paths: Some(wire.paths.clone()),
        })
    }

    /// Whether the field is to be changed; without a mask those that are populated are.
    pub fn changes(&self, path: &str, populated: bool) -> bool {
        self.paths
            .as_ref()
            .map_or(populated, |paths| paths.iter().any(|listed| listed == path))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn mask(paths: &[&str]) -> prost_types::FieldMask {
        prost_types::FieldMask {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        }
    }

    #[test]
    fn a_mask_names_what_changes_and_refuses_what_it_does_not_know() {
        let read =
            |paths: &[&str]| Mask::from_proto(Some(&mask(paths)), &["name", "phases"], &["id"]);
        assert!(read(&["name"]).unwrap().changes("name", false));
        assert!(!read(&["name", "id"]).unwrap().changes("phases", true));
        assert!(read(&["*"]).unwrap().changes("phases", false));
        assert!(read(&["key"]).is_err());
        let none = Mask::from_proto(None, &["name"], &[]).unwrap();
        assert!(none.changes("name", true) && !none.changes("name", false));
    }
}
