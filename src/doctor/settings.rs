//! How slicegate is set up, from its Deployment: its flags, whether arguments or variables, and what it mounts.

use serde_json::Value;

/// How slicegate is set up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Its ServiceAccount.
    pub account: String,
    flags: Vec<(String, String)>,
    /// Folder, kind of source, its name.
    mounts: Vec<(String, Source)>,
}

/// What a folder of a container is filled from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A Secret of this name.
    Secret(String),
    /// A ConfigMap of this name.
    ConfigMap(String),
}

impl Settings {
    /// Reads a Deployment.
    pub fn of(deployment: &Value) -> Self {
        let spec = &deployment["spec"]["template"]["spec"];
        let containers = spec["containers"].as_array();
        let ours = containers.into_iter().flatten();
        let container = ours
            .clone()
            .find(|c| c["name"] == "slicegate")
            .or_else(|| ours.clone().next())
            .unwrap_or(&Value::Null);
        let account = spec["serviceAccountName"].as_str().unwrap_or("default");
        Self {
            account: account.to_owned(),
            flags: flags(container),
            mounts: mounts(spec, container),
        }
    }

    /// The value of a flag, empty for one that stands alone.
    pub fn flag(&self, name: &str) -> Option<&str> {
        let found = self.flags.iter().find(|(flag, _)| flag == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Whether a flag is set.
    pub fn has(&self, name: &str) -> bool {
        self.flag(name).is_some_and(|value| value != "false")
    }

    /// Whether it asks the API server anything at all.
    pub fn asks_the_cluster(&self) -> bool {
        !(self.has("nodes") && self.has("namespaces")) || self.has("kubeconfig")
    }

    /// What a file is mounted from, and the file's name there.
    pub fn mounted<'s>(&'s self, path: &'s str) -> Option<(&'s Source, &'s str)> {
        let (folder, name) = path.rsplit_once('/')?;
        let mut mounts = self.mounts.iter();
        let found = mounts.find(|(mounted, _)| mounted.trim_end_matches('/') == folder);
        found.map(|(_, source)| (source, name))
    }

    /// The Secret that its certificate is in.
    pub fn secret(&self) -> Option<&str> {
        if let Some(name) = self.flag("tls-secret") {
            return Some(name);
        }
        match self.mounted(self.flag("tls-cert")?)? {
            (Source::Secret(name), _) => Some(name),
            (Source::ConfigMap(_), _) => None,
        }
    }

    /// The ConfigMap that its policy is in, and the key there.
    pub fn policy_map(&self) -> Option<(&str, &str)> {
        match self.mounted(self.flag("policy")?)? {
            (Source::ConfigMap(name), key) => Some((name, key)),
            (Source::Secret(_), _) => None,
        }
    }
}

fn flags(container: &Value) -> Vec<(String, String)> {
    let mut flags = Vec::new();
    let words = |field: &str| container[field].as_array().cloned().unwrap_or_default();
    let mut args = words("command").into_iter().chain(words("args")).peekable();
    while let Some(arg) = args.next() {
        let Some(flag) = arg.as_str().and_then(|a| a.strip_prefix("--")) else {
            continue;
        };
        let value = match flag.split_once('=') {
            Some((flag, value)) => (flag.to_owned(), value.to_owned()),
            None => {
                let follows = args.peek().and_then(Value::as_str);
                let value = follows.filter(|next| !next.starts_with("--"));
                (flag.to_owned(), value.unwrap_or_default().to_owned())
            }
        };
        flags.push(value);
    }
    // A flag that is given beats its variable.
    for variable in container["env"].as_array().into_iter().flatten() {
        let name = variable["name"].as_str().unwrap_or_default();
        if let Some(flag) = name.strip_prefix("SLICEGATE_") {
            let value = variable["value"].as_str().unwrap_or_default();
            flags.push((flag.to_lowercase().replace('_', "-"), value.to_owned()));
        }
    }
    flags
}

fn mounts(spec: &Value, container: &Value) -> Vec<(String, Source)> {
    let volumes = spec["volumes"].as_array();
    let source = |name: &Value| {
        let volume = volumes?.iter().find(|v| v["name"] == *name)?;
        let secret = volume["secret"]["secretName"].as_str();
        let map = volume["configMap"]["name"].as_str();
        secret
            .map(|name| Source::Secret(name.to_owned()))
            .or_else(|| map.map(|name| Source::ConfigMap(name.to_owned())))
    };
    let mounts = container["volumeMounts"].as_array().into_iter().flatten();
    let mount = |mount: &Value| {
        let path = mount["mountPath"].as_str()?.to_owned();
        Some((path, source(&mount["name"])?))
    };
    mounts.filter_map(mount).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Settings;

    #[test]
    fn flags_are_arguments_or_variables_and_files_are_what_they_are_mounted_from() {
        let settings = Settings::of(&json!({"spec": {"template": {"spec": {
            "serviceAccountName": "s",
            "containers": [{"name": "proxy", "args": ["--policy=/no"]}, {"name": "slicegate",
                "args": ["serve", "--tls-cert=/tls/tls.crt", "--nodes", "/world/n", "--events", "--policy=/config/p.yaml"],
                "env": [{"name": "SLICEGATE_NEVER_MATCH", "value": "a,b"}, {"name": "SLICEGATE_NODES", "value": "x"}],
                "volumeMounts": [{"name": "a", "mountPath": "/tls/"}, {"name": "b", "mountPath": "/config"}]}],
            "volumes": [{"name": "a", "secret": {"secretName": "own"}}, {"name": "b", "configMap": {"name": "map"}}],
        }}}}));
        assert_eq!(settings.account, "s");
        assert_eq!(settings.flag("nodes"), Some("/world/n"));
        assert_eq!(settings.flag("events"), Some(""));
        assert_eq!(settings.flag("never-match"), Some("a,b"));
        assert_eq!(settings.secret(), Some("own"));
        assert_eq!(settings.policy_map(), Some(("map", "p.yaml")));
        assert!(settings.asks_the_cluster());
        assert!(!settings.has("namespaces"));
    }

    #[test]
    fn a_certificate_that_slicegate_keeps_is_in_the_secret_of_that_flag() {
        let settings = Settings::of(&json!({"spec": {"template": {"spec": {"containers": [
            {"args": ["--tls-secret=slicegate-tls", "--nodes=n", "--namespaces=m"]}]}}}}));
        assert_eq!(settings.secret(), Some("slicegate-tls"));
        assert_eq!(settings.policy_map(), None);
        assert!(!settings.asks_the_cluster());
        assert_eq!(settings.account, "default");
    }
}
