//! How slicegate is set up, as its Deployment says: flags, as arguments or variables, and mounted files.

use serde_json::Value;

use super::objects::items;

/// How slicegate is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Its ServiceAccount.
    pub account: String,
    flags: Vec<(String, String)>,
    /// Folders of the container, and the volume of each.
    mounts: Vec<(String, Value)>,
}

impl Settings {
    /// Reads a Deployment.
    pub fn of(deployment: &Value) -> Self {
        let spec = &deployment["spec"]["template"]["spec"];
        let container = items(&spec["containers"])
            .find(|c| c["name"] == "slicegate")
            .unwrap_or(&spec["containers"][0]);
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

    /// The ConfigMap that the file of a flag is mounted from, and the key there.
    pub fn config_map(&self, flag: &str) -> Option<(&str, &str)> {
        self.mounted(flag, "/configMap/name")
    }

    /// The Secret of its certificate.
    pub fn secret(&self) -> Option<&str> {
        self.flag("tls-secret")
            .or_else(|| Some(self.mounted("tls-cert", "/secret/secretName")?.0))
    }

    /// The object that the file of a flag is mounted from, by the field that names it in a volume, and the key there.
    fn mounted(&self, flag: &str, field: &str) -> Option<(&str, &str)> {
        let (folder, key) = self.flag(flag)?.rsplit_once('/')?;
        let mut mounts = self.mounts.iter();
        let (_, volume) = mounts.find(|(mounted, _)| mounted.trim_end_matches('/') == folder)?;
        Some((volume.pointer(field)?.as_str()?, key))
    }
}

fn flags(container: &Value) -> Vec<(String, String)> {
    let mut flags = Vec::new();
    let words = items(&container["command"]).chain(items(&container["args"]));
    let words: Vec<&str> = words.filter_map(Value::as_str).collect();
    for (index, word) in words.iter().enumerate() {
        let Some(flag) = word.strip_prefix("--") else {
            continue;
        };
        let next = words.get(index + 1).filter(|next| !next.starts_with("--"));
        let alone = (flag, next.copied().unwrap_or_default());
        let (flag, value) = flag.split_once('=').unwrap_or(alone);
        flags.push((flag.to_owned(), value.to_owned()));
    }
    // An argument has precedence over its variable.
    for variable in items(&container["env"]) {
        let name = variable["name"].as_str().unwrap_or_default();
        if let Some(flag) = name.strip_prefix("SLICEGATE_") {
            let value = variable["value"].as_str().unwrap_or_default();
            flags.push((flag.to_lowercase().replace('_', "-"), value.to_owned()));
        }
    }
    flags
}

fn mounts(spec: &Value, container: &Value) -> Vec<(String, Value)> {
    let mount = |mount: &Value| {
        let volume = items(&spec["volumes"]).find(|volume| volume["name"] == mount["name"])?;
        Some((mount["mountPath"].as_str()?.to_owned(), volume.clone()))
    };
    items(&container["volumeMounts"])
        .filter_map(mount)
        .collect()
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
        assert_eq!(settings.config_map("policy"), Some(("map", "p.yaml")));
        assert!(settings.asks_the_cluster());
        assert!(!settings.has("namespaces"));
    }

    #[test]
    fn a_certificate_that_slicegate_keeps_is_in_the_secret_of_that_flag() {
        let settings = Settings::of(&json!({"spec": {"template": {"spec": {"containers": [
            {"args": ["--tls-secret=slicegate-tls", "--nodes=n", "--namespaces=m"]}]}}}}));
        assert_eq!(settings.secret(), Some("slicegate-tls"));
        assert_eq!(settings.config_map("policy"), None);
        assert!(!settings.asks_the_cluster());
        assert_eq!(settings.account, "default");
    }
}
