//! A component as a process of its own, which ends when its owner is dropped or dies in whatever way.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Waits for the end of its standard input, which the kernel closes even when the test process is killed, and
/// kills the component then. Ends by itself when the component does. Its own name is the file for the process id.
const SUPERVISOR: &str = r#"
exec 3<&0
"$@" 3<&- </dev/null &
component=$!
echo "$component" >"$0"
{ read -r _ <&3; kill -KILL "$component" 2>/dev/null; } &
watch=$!
exec 3<&-
wait "$component"
status=$?
kill "$watch" 2>/dev/null
exit "$status"
"#;

/// A running component.
pub struct Process {
    name: &'static str,
    supervisor: Child,
    log: PathBuf,
    pid: PathBuf,
}

impl Process {
    /// Starts it, with its output in `<name>.log` of the folder.
    #[track_caller]
    pub fn start<A: AsRef<OsStr>>(
        name: &'static str,
        program: &Path,
        arguments: impl IntoIterator<Item = A>,
        folder: &Path,
    ) -> Self {
        let log = folder.join(format!("{name}.log"));
        let pid = folder.join(format!("{name}.pid"));
        let output = File::create(&log).expect("a log can be made");
        let errors = output.try_clone().expect("a log has two writers");
        let supervisor = Command::new("sh")
            .args(["-c", SUPERVISOR])
            .arg(&pid)
            .arg(program)
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(errors)
            // An interrupt at the terminal is for the test process alone, which takes the others with it.
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("{name} cannot be started: {error}"));
        Self {
            name,
            supervisor,
            log,
            pid,
        }
    }

    /// What it last said.
    pub fn tail(&self) -> String {
        tail_of(self.name, &self.log)
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        matches!(self.supervisor.try_wait(), Ok(Some(_)))
    }

    /// Asks it to end, as a kubelet does.
    #[track_caller]
    pub fn terminate(&self) {
        let pid = fs::read_to_string(&self.pid).expect("its process id");
        let sent = Command::new("kill").args(["-TERM", pid.trim()]).status();
        assert!(sent.expect("kill").success());
    }

    /// Panics when it has ended by itself.
    #[track_caller]
    pub fn expect_running(&mut self) {
        if let Ok(Some(status)) = self.supervisor.try_wait() {
            panic!("{} ended with {status}\n{}", self.name, self.tail());
        }
    }
}

/// The end of a log, short enough to be read below a failure.
pub fn tail_of(name: &str, log: &Path) -> String {
    const LINES: usize = 12;
    const WIDTH: usize = 240;
    let bytes = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    let mut tail = format!("--- end of {name}'s log:\n");
    for line in &lines[lines.len().saturating_sub(LINES)..] {
        tail.extend(line.chars().take(WIDTH));
        tail.push('\n');
    }
    tail
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.supervisor.stdin.take());
        // The component is killed, not asked, so this takes no time.
        let _ = self.supervisor.wait();
    }
}
