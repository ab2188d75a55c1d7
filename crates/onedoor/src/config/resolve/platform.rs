//! Where the container runs, told by its variables, and what that platform promises: who its routers are, and how long
//! a stop may take.

use std::time::Duration;

use crate::config::env::Env;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Platform {
    CloudRun,
    Fly,
    HuggingFace,
    Render,
    Heroku,
    AzureContainerApps,
    Kubernetes,
    /// Docker on a machine of one's own, or anything else that says nothing.
    Unknown,
}

/// Whom a platform's presence makes trustworthy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Routers {
    /// Nobody else can reach the container, so every private address is the platform's.
    AnyPrivate,
    /// Neighbours share the private network; only these are the platform's.
    Only(&'static str),
    /// Unknown: nobody is trusted.
    Nobody,
}

/// Variable → platform. Kubernetes is last: others run on it and set theirs besides.
const SIGNS: [(&str, Platform); 7] = [
    ("K_SERVICE", Platform::CloudRun),
    ("FLY_APP_NAME", Platform::Fly),
    ("SPACE_ID", Platform::HuggingFace),
    ("RENDER", Platform::Render),
    ("DYNO", Platform::Heroku),
    ("CONTAINER_APP_NAME", Platform::AzureContainerApps),
    ("KUBERNETES_SERVICE_HOST", Platform::Kubernetes),
];

impl Platform {
    pub(super) fn of(env: &Env) -> Self {
        SIGNS
            .iter()
            .find(|(variable, _)| env.is_set(variable))
            .map_or(Self::Unknown, |(_, platform)| *platform)
    }

    /// `Cloud Run (K_SERVICE)`, for the start table.
    pub(super) fn show(self) -> String {
        let sign = SIGNS.iter().find(|(_, platform)| *platform == self).map(|(variable, _)| *variable);
        match sign {
            Some(variable) => format!("{} ({variable})", self.name()),
            None => self.name().to_owned(),
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::CloudRun => "Cloud Run",
            Self::Fly => "Fly.io",
            Self::HuggingFace => "Hugging Face",
            Self::Render => "Render",
            Self::Heroku => "Heroku",
            Self::AzureContainerApps => "Azure Container Apps",
            Self::Kubernetes => "Kubernetes",
            Self::Unknown => "no known platform",
        }
    }

    pub(super) fn routers(self) -> Routers {
        match self {
            Self::CloudRun | Self::HuggingFace | Self::Render | Self::Heroku | Self::AzureContainerApps => {
                Routers::AnyPrivate
            }
            // Every machine of the organisation reaches every other over fdaa::/16; fly-proxy comes over IPv4.
            Self::Fly => Routers::Only("172.16.0.0/12"),
            // Any pod may call any pod.
            Self::Kubernetes | Self::Unknown => Routers::Nobody,
        }
    }

    /// Where the routers name the address that called them, if X-Forwarded-For ends with something else. On Fly.io it ends
    /// with the app's own public address (<https://fly.io/docs/networking/request-headers/>, read in November 2026).
    pub(super) fn client_field(self) -> Option<&'static str> {
        match self {
            Self::Fly => Some("fly-client-ip"),
            Self::CloudRun
            | Self::HuggingFace
            | Self::Render
            | Self::Heroku
            | Self::AzureContainerApps
            | Self::Kubernetes
            | Self::Unknown => None,
        }
    }

    /// From the first signal to SIGKILL, by the platforms' own documentation.
    pub(super) fn stop_budget(self) -> Duration {
        match self {
            Self::Fly => Duration::from_secs(5),
            Self::CloudRun | Self::HuggingFace | Self::Unknown => Duration::from_secs(10),
            Self::Render | Self::Heroku | Self::AzureContainerApps | Self::Kubernetes => {
                Duration::from_secs(30)
            }
        }
    }
}

/// What a platform does not wait beyond, by its own documentation. None: it waits, or the operator says how long.
impl Platform {
    /// The longest stop that can be had there. Cloud Run's and Heroku's is fixed; the others have a setting with a bound.
    pub(super) fn stop_budget_most(self) -> Option<Duration> {
        match self {
            Self::CloudRun => Some(Duration::from_secs(10)),
            Self::Heroku => Some(Duration::from_secs(30)),
            Self::Fly | Self::Render => Some(Duration::from_secs(300)),
            Self::AzureContainerApps => Some(Duration::from_secs(600)),
            Self::HuggingFace | Self::Kubernetes | Self::Unknown => None,
        }
    }

    /// How long its router waits for an answer to begin.
    pub(super) fn answer_most(self) -> Option<Duration> {
        match self {
            Self::Heroku => Some(Duration::from_secs(30)),
            Self::AzureContainerApps => Some(Duration::from_secs(240)),
            Self::CloudRun => Some(Duration::from_secs(60 * 60)),
            Self::Render => Some(Duration::from_secs(100 * 60)),
            Self::Fly | Self::HuggingFace | Self::Kubernetes | Self::Unknown => None,
        }
    }

    /// Whether it asks at PORT and nowhere else.
    pub(super) fn says_the_port(self) -> bool {
        matches!(self, Self::CloudRun | Self::Heroku | Self::Render)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_platform_is_known_by_its_variable() {
        for (variable, platform) in SIGNS {
            assert_eq!(Platform::of(&Env::made_of([(variable, "x")])), platform);
        }
        assert_eq!(Platform::of(&Env::made_of([])), Platform::Unknown);
    }

    #[test]
    fn a_platform_on_kubernetes_is_that_platform() {
        let env = Env::made_of([("KUBERNETES_SERVICE_HOST", "10.0.0.1"), ("CONTAINER_APP_NAME", "shop")]);
        assert_eq!(Platform::of(&env), Platform::AzureContainerApps);
    }
}
