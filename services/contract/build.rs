//! Compiles everything below `proto/` with a compiler in pure Rust: the messages and services into one
//! module tree that mirrors the packages, and the descriptors for reflection and JSON.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use prost::Message as _;

#[expect(
    clippy::disallowed_methods,
    reason = "cargo tells build scripts their folders by the environment"
)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../proto");
    println!("cargo::rerun-if-changed={}", root.display());
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut files = protos(&root)?;
    files.sort();

    let set = protox::Compiler::new([&root])?
        .include_imports(true)
        .include_source_info(true)
        .open_files(&files)?
        .file_descriptor_set();

    // Comments are wanted in the generated code, not in every binary.
    let mut bare = set.clone();
    for file in &mut bare.file {
        file.source_code_info = None;
    }
    fs::write(out.join("descriptor.bin"), bare.encode_to_vec())?;

    let mut config = tonic_prost_build::Config::new();
    config.enable_type_names();
    tonic_prost_build::configure()
        // Ordered maps make equal messages equal bytes: replays and audits compare them.
        .btree_map(".")
        .include_file("packages.rs")
        .compile_fds_with_config(set, config)?;
    Ok(())
}

/// Every proto file below a folder.
fn protos(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(protos(&path)?);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "proto")
        {
            found.push(path);
        }
    }
    Ok(found)
}
