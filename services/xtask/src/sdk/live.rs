//! The SDKs at work: the tests of each language, and the one story that all tell, against the
//! all-in-one on free ports.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::{Language, files, tools};
use crate::build::Built;
use crate::count::{Count, run_counted};
use crate::suites::Report;
use crate::{process, python};

/// The key that the server is bootstrapped with.
const KEY: &str = "sdk-test-key-0123456789abcdef";
/// How often readiness is asked for, and how long to wait in between: 60 s in all.
const READY_TRIES: u32 = 600;
const READY_PAUSE: Duration = Duration::from_millis(100);
/// What is made beside the sources and must outlive a run.
const MADE: [&str; 5] = ["node_modules", "dist", "target", "versions", "environment"];

/// Runs every SDK whose language is installed here.
pub(crate) fn test(built: &Built, report: &mut Report) -> Result<()> {
    let server = Server::start(
        built
            .perennial
            .as_deref()
            .context("the perennial binary was not built")?,
    )?;
    let mut stories = Vec::new();
    if let Some(program) = built.tests.iter().find(|program| program.is_sdk_live()) {
        println!("\n--- sdk/rust ---");
        let count = run_counted(&mut server.aware(&program.executable), Count::parse_cargo)?;
        report.add("sdk/rust", count);
    }
    if let Some(story) = &built.story {
        stories.push(("rust", server.aware(story)));
    }
    for language in Language::ALL {
        if !tools::present(language, "not tested") {
            continue;
        }
        println!("\n--- sdk/{} ---", language.folder());
        let name = format!("sdk/{}", language.folder());
        let prepared = match language {
            Language::Go => go(&server),
            Language::TypeScript => typescript(&server),
            Language::Python => python(&server),
            Language::Java => java(&server),
        };
        let (mut tests, story) = match prepared {
            Ok(prepared) => prepared,
            Err(error) => {
                println!("sdk/{}: cannot be built: {error:#}", language.folder());
                report.add(&name, Count::FAILED);
                continue;
            }
        };
        let parse = match language {
            Language::Go => Count::parse_go,
            Language::TypeScript => Count::parse_tap,
            Language::Python => Count::parse_unittest,
            Language::Java => Count::parse_surefire,
        };
        report.add(&name, run_counted(&mut tests, parse)?);
        stories.push((language.folder(), story));
    }
    tell(stories, report)
}

/// Runs each story; all must say the same.
fn tell(stories: Vec<(&str, Command)>, report: &mut Report) -> Result<()> {
    let mut first: Option<(&str, String)> = None;
    for (language, mut command) in stories {
        println!("\n--- the story in {language} ---");
        let output = command
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .with_context(|| format!("cannot run the story in {language}"))?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        print!("{said}");
        let mut count = if output.status.success() {
            Count::PASSED
        } else {
            println!("the story in {language} ended with {}", output.status);
            Count::FAILED
        };
        match &first {
            None => first = Some((language, said)),
            Some((other, told)) if *told != said => {
                println!("the story in {language} differs from the one in {other}");
                count = Count::FAILED;
            }
            Some(_) => {}
        }
        report.add("sdk stories", count);
    }
    Ok(())
}

type Prepared = Result<(Command, Command)>;

/// A copy of an SDK outside the checkout, in which packages may be installed and code be built. The
/// certificates of the tests lie beside it, as they do in the checkout.
fn workplace(language: Language) -> Result<PathBuf> {
    let (from, to) = (
        process::root().join("sdk"),
        process::cache()?.join("sdk/work"),
    );
    for name in ["tls", language.folder()] {
        files::mirror(&from.join(name), &to.join(name), &MADE)?;
    }
    Ok(to.join(language.folder()))
}

fn go(server: &Server) -> Prepared {
    let folder = workplace(Language::Go)?;
    let story = folder.join("target/story");
    process::run(
        Command::new("go")
            .args(["vet", "./examples/...", "."])
            .current_dir(&folder),
    )?;
    process::run(
        Command::new("go")
            .args(["build", "-o"])
            .arg(&story)
            .arg("./examples/story")
            .current_dir(&folder),
    )?;
    let mut tests = server.aware("go");
    tests
        .args(["test", "-count=1", "-v", "."])
        .current_dir(&folder);
    Ok((tests, server.aware(&story)))
}

fn typescript(server: &Server) -> Prepared {
    let folder = workplace(Language::TypeScript)?;
    let lock = std::fs::read_to_string(folder.join("package-lock.json"))?;
    let mark = folder.join("versions");
    if !std::fs::read_to_string(&mark).is_ok_and(|there| there == lock) {
        process::run(
            Command::new("npm")
                .args(["ci", "--silent", "--no-audit", "--no-fund"])
                .current_dir(&folder),
        )?;
        std::fs::write(&mark, lock)?;
    }
    process::run(
        Command::new("npm")
            .args(["run", "--silent", "build"])
            .current_dir(&folder),
    )?;
    let mut tests = server.aware("node");
    tests
        .args(["--test", "--test-reporter=tap", "dist/tests/"])
        .current_dir(&folder);
    let mut story = server.aware("node");
    story.arg("dist/examples/story.js").current_dir(&folder);
    Ok((tests, story))
}

fn python(server: &Server) -> Prepared {
    let folder = workplace(Language::Python)?;
    let project = std::fs::read_to_string(folder.join("pyproject.toml"))?;
    let own = folder.to_string_lossy();
    // The dependencies, and what builds the wheel.
    let program = python::environment("sdk", &project, &["hatchling==1.33.0", &own])?;
    python::install(
        &program,
        &[
            "--no-deps",
            "--no-build-isolation",
            "--force-reinstall",
            &own,
        ],
    )?;
    let mut tests = server.aware(&program);
    // gRPC's own log would stand between the lines of the tests.
    tests
        .env("GRPC_VERBOSITY", "NONE")
        .args(["-m", "unittest", "discover", "-v", "-s", "tests"])
        .current_dir(&folder);
    let mut story = server.aware(&program);
    story.arg("examples/story.py").current_dir(&folder);
    Ok((tests, story))
}

fn java(server: &Server) -> Prepared {
    let folder = workplace(Language::Java)?;
    let mut tests = server.aware("mvn");
    tests
        .args(["-B", "-ntp", "-Dstyle.color=never", "verify"])
        .current_dir(&folder);
    let mut story = server.aware("java");
    story
        .args([
            "-cp",
            "target/classes:target/test-classes:target/libraries/*",
        ])
        .arg("dev.perennial.sdk.examples.Story")
        .current_dir(&folder);
    Ok((tests, story))
}

/// The all-in-one on an empty folder.
struct Server {
    folder: PathBuf,
    grpc: u16,
    child: Child,
}

impl Server {
    fn start(perennial: &Path) -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("perennial-sdk-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let (http, grpc) = (process::free_port()?, process::free_port()?);
        let log = std::fs::File::create(folder.join("log"))?;
        let child = Command::new(perennial)
            .arg("serve")
            .arg("--data-dir")
            .arg(folder.join("data"))
            .args(["--http", &format!("127.0.0.1:{http}")])
            .args(["--grpc", &format!("127.0.0.1:{grpc}")])
            .args(["--bootstrap-key", KEY])
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("cannot start perennial")?;
        let mut server = Self {
            folder,
            grpc,
            child,
        };
        for _ in 0..READY_TRIES {
            if process::is_ready(http) {
                return Ok(server);
            }
            if let Some(status) = server.child.try_wait()? {
                let log = std::fs::read_to_string(server.folder.join("log")).unwrap_or_default();
                bail!("perennial ended with {status}:\n{log}");
            }
            std::thread::sleep(READY_PAUSE);
        }
        bail!("perennial was not ready in time")
    }

    /// A program that knows where the server is.
    fn aware(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env("PERENNIAL_ADDRESS", format!("127.0.0.1:{}", self.grpc))
            .env("PERENNIAL_KEY", KEY);
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        std::fs::remove_dir_all(&self.folder).ok();
    }
}
