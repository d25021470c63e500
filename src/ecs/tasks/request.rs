//! Requests for tasks that belong to no service: what RunTask and StartTask have in common.

use std::collections::HashMap;

use app::api::Call;
use aws::{Need, Resource};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use store::{Conn, tasks};
use types::RegistryId;

use super::overrides::{LONGEST, Overrides};
use super::start::{Hosts, Launch, start as start_one};
use super::{Task, platform};
use crate::arns;
use crate::capacity_providers::{self, Shares};
use crate::clusters::{self, Cluster, StrategyItem, write};
use crate::conditions::Asked;
use crate::container_instances;
use crate::error::{Error, Result};
use crate::placement::{Constraint, Strategy, Unplaced};
use crate::shapes::failure::Failure;
use crate::shapes::task::Task as Shape;
use crate::tags::{self, Tag};
use crate::task_definitions::definition::NetworkMode;
use crate::task_definitions::{self, Named, TaskDefinition, conditions, roles};

/// The longest `startedBy`.
const LONGEST_STARTED_BY: usize = 128;
/// The longest group.
const LONGEST_GROUP: usize = 255;
/// The longest client token.
const LONGEST_TOKEN: usize = 64;
/// The most constraints.
const MOST_CONSTRAINTS: usize = 10;
/// The most strategies.
const MOST_STRATEGIES: usize = 5;

/// The launch type of tasks on hosts that are not machines of EC2.
const EXTERNAL: &str = "EXTERNAL";
/// What the agent of such a host registers it with.
const EXTERNAL_HOST: &str = "ecs.capability.external";

/// Where tasks are wanted.
#[derive(Debug, Clone, Serialize)]
pub(crate) enum Where {
    /// So many, wherever there is room.
    Anywhere(usize),
    /// One on each of these hosts.
    On(Vec<String>),
}

impl Default for Where {
    fn default() -> Self {
        Self::Anywhere(1)
    }
}

/// What somebody asks for. Members are those of RunTask.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Request {
    pub(crate) cluster: Option<String>,
    pub(crate) task_definition: String,
    /// The revision that the name of a family means; not what the client said.
    #[serde(skip)]
    pub(crate) resolved: Option<String>,
    pub(crate) places: Where,
    pub(crate) launch_type: Option<String>,
    pub(crate) capacity_provider_strategy: Vec<StrategyItem>,
    pub(crate) platform_version: Option<String>,
    pub(crate) network_configuration: Option<Value>,
    pub(crate) overrides: Value,
    pub(crate) group: Option<String>,
    pub(crate) started_by: Option<String>,
    pub(crate) placement_constraints: Vec<PlacementConstraint>,
    pub(crate) placement_strategy: Vec<PlacementStrategy>,
    pub(crate) tags: Vec<Tag>,
    pub(crate) propagate_tags: Option<String>,
    pub(crate) enable_managed_tags: bool,
    pub(crate) enable_execute_command: bool,
    pub(crate) client_token: Option<String>,
}

/// A placement constraint on the wire.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PlacementConstraint {
    #[serde(rename = "type", default)]
    pub(crate) kind: String,
    pub(crate) expression: Option<String>,
}

/// A placement strategy on the wire.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PlacementStrategy {
    #[serde(rename = "type", default)]
    pub(crate) kind: String,
    pub(crate) field: Option<String>,
}

/// What a request for tasks is judged by.
pub(crate) struct Judged<'r> {
    pub(crate) operation: &'static str,
    pub(crate) action: &'static str,
    pub(crate) cluster: Option<&'r str>,
    pub(crate) task_definition: &'r str,
    /// The hosts that are named.
    pub(crate) container_instances: &'r [String],
    /// The capacity providers that are named.
    pub(crate) capacity_provider_strategy: &'r [StrategyItem],
    /// What counts of the definition.
    pub(crate) named: &'r Named,
    pub(crate) overrides: &'r Value,
    pub(crate) tags: &'r [Tag],
    /// What it asks for beside.
    pub(crate) asked: Asked<'r>,
}

/// What such a request needs: the action on the task definition, to tag the tasks, and to pass the roles that they will have.
pub(crate) fn needs(call: &Call, request: &Judged<'_>) -> Result<Vec<Need>> {
    let registry = &call.ctx.registry;
    let cluster_arn = clusters::arn(call, request.cluster)?.to_string();
    let arn = task_definitions::arn_of(registry, request.task_definition)?;
    let on = |action, arn| Need::new(action, Resource::Arn(call.account().clone(), arn));
    let cluster = arns::cluster_name(registry, request.cluster)?;
    let hosts = request.container_instances.iter().filter_map(|given| {
        let id = arns::in_cluster(registry, "container-instance", cluster, given)?;
        Some(container_instances::arn(registry, cluster, &arns::instance_id(id)).to_string())
    });
    let need = on(request.action, arn).with("ecs:cluster", [cluster_arn]).with_request_tags(tags::pairs(request.tags));
    let mut need = request.asked.judges(need);
    if !request.container_instances.is_empty() {
        need = need.with("ecs:container-instances", hosts);
    }
    let providers = capacity_providers::names(request.capacity_provider_strategy);
    need = capacity_providers::judged_by(registry, need, providers);
    let (overrides, named) = (Overrides::read(request.overrides)?, request.named);
    need = conditions::sized(
        need,
        overrides.cpu.as_deref().or(named.cpu.as_deref()),
        overrides.memory.as_deref().or(named.memory.as_deref()),
    );
    let mut needs = vec![need];
    if !request.tags.is_empty() {
        needs.push(tags::on_creation(
            on("ecs:TagResource", super::arn(registry, cluster, "*")),
            request.operation,
            request.tags,
        ));
    }
    let [task_role, execution_role] = &named.roles;
    let passed = [
        overrides.task_role_arn.as_deref().or(task_role.as_deref()),
        overrides.execution_role_arn.as_deref().or(execution_role.as_deref()),
    ];
    needs.extend(roles::needs(&call.ctx.registry, passed)?);
    Ok(needs)
}

/// Starts what is asked for. What finds no room is told as a failure.
pub(crate) async fn start(call: &Call, request: Request) -> Result<(Vec<Shape>, Vec<Failure>)> {
    check(&request)?;
    let (app, registry, now) = (call.ctx.app.clone(), call.ctx.registry.clone(), call.ctx.app.now());
    let host = call.registry_host(&app.config().registry);
    let (found, failures) = write(call, move |conn| {
        Box::pin(async move {
            let name = arns::cluster_name(&registry, request.cluster.as_deref())?.to_owned();
            let cluster = clusters::lock(conn, &registry, &name).await?;
            let asked = fingerprint(&request)?;
            if let Some(token) = &request.client_token {
                let before = tasks::list_of_token(conn, &cluster.row.cluster_id, token).await?;
                if !before.is_empty() {
                    return Ok((again(conn, &registry, &name, before, &asked).await?, Vec::new()));
                }
            }
            let given = request.resolved.as_ref().unwrap_or(&request.task_definition);
            let definition = task_definitions::find_active(conn, &registry, given).await?;
            capacity_providers::check_strategy(
                &request.capacity_provider_strategy,
                &cluster.document.capacity_providers,
            )?;
            let placed = Placed::read(&request, &cluster, &definition)?;
            Overrides::read(&request.overrides)?.check(&definition.definition, placed.launch_type)?;
            let mut shares = Shares::new(placed.strategy);
            let (constraints, strategies) = (constraints(&request, &definition)?, strategies(&request)?);
            let group = request.group.clone().unwrap_or_else(|| format!("family:{}", definition.family));
            let mut hosts = Hosts::read(conn, &cluster, now, &group, &constraints).await?;
            if hosts.all().is_empty() && matches!(request.places, Where::Anywhere(_)) {
                return Err(Error::InvalidParameter("No Container Instances were found in your cluster.".to_owned()));
            }
            let places = places(conn, &cluster, &request.places).await?;
            if places.iter().any(|place| matches!(place, Place::On { external: true, .. })) {
                check_compatible(&definition, EXTERNAL)?;
            }
            let wanted = wanted_tags(conn, &cluster, &request, &definition).await?;
            let nothing = HashMap::new();
            let (mut started, mut failures) = (Vec::new(), Vec::new());
            for place in places {
                let (instance_id, launch_type) = match &place {
                    Place::Anywhere => (None, placed.launch_type),
                    Place::On { instance_id, external } => {
                        (Some(instance_id.as_str()), if *external { EXTERNAL } else { placed.launch_type })
                    }
                    Place::Nowhere(given) => {
                        let arn = arns::shown(&registry, "container-instance", &name, given);
                        failures.push(Failure::missing(arn));
                        continue;
                    }
                    Place::Inactive(given) => {
                        let arn = arns::shown(&registry, "container-instance", &name, given);
                        failures.push(Failure::inactive(arn));
                        continue;
                    }
                };
                let capacity_provider = shares.next();
                let launch = Launch {
                    cluster: &cluster,
                    definition: &definition,
                    group: &group,
                    started_by: request.started_by.as_deref(),
                    launch_type,
                    capacity_provider,
                    platform_version: request.platform_version.as_deref().filter(|version| *version != "LATEST"),
                    service: None,
                    overrides: &request.overrides,
                    network_configuration: request.network_configuration.as_ref(),
                    constraints: &constraints,
                    strategies: &strategies,
                    tags: &wanted,
                    enable_execute_command: request.enable_execute_command,
                    host: &host,
                    image_digests: &nothing,
                    token: request.client_token.as_deref().map(|token| (token, asked.as_str())),
                    instance_id,
                };
                match start_one(conn, &app, &mut hosts, &launch).await? {
                    Ok(row) => {
                        capacity_provider.into_iter().for_each(|provider| shares.add(provider));
                        started.push(Shape::new(&registry, &name, Task::read(row), wanted.clone()));
                    }
                    Err(why) => failures.push(failure(&registry, &name, &hosts, &why)),
                }
            }
            Ok((started, failures))
        })
    })
    .await?;
    call.ctx.app.wake_agents();
    Ok((found, failures))
}

/// Where one task is wanted.
enum Place {
    Anywhere,
    On {
        instance_id: String,
        /// Whether it says of itself that it is not one of EC2.
        external: bool,
    },
    /// On a host that is not there.
    Nowhere(String),
    /// On a host that takes no new tasks: it is being drained, or was deregistered.
    Inactive(String),
}

async fn places(conn: &mut Conn, cluster: &Cluster, wanted: &Where) -> Result<Vec<Place>> {
    match wanted {
        Where::Anywhere(count) => Ok((0..*count).map(|_| Place::Anywhere).collect()),
        Where::On(given) => {
            let mut places = Vec::new();
            for one in given {
                let found = container_instances::find_any_in(conn, cluster, one).await?;
                places.push(match found {
                    Some(instance) if instance.row.status != "ACTIVE" => Place::Inactive(one.clone()),
                    Some(instance) => Place::On {
                        external: instance.attribute(EXTERNAL_HOST).is_some(),
                        instance_id: instance.row.instance_id,
                    },
                    None => Place::Nowhere(one.clone()),
                });
            }
            Ok(places)
        }
    }
}

/// By which launch type or capacity providers tasks are placed. Here that decides what answers say, and what a definition
/// must allow: the hosts are the same.
pub(crate) struct Placed<'p> {
    pub(crate) launch_type: &'p str,
    /// Among which providers tasks are shared; empty if a launch type was asked for.
    pub(crate) strategy: &'p [StrategyItem],
}

impl<'p> Placed<'p> {
    pub(crate) fn read(request: &'p Request, cluster: &'p Cluster, definition: &TaskDefinition) -> Result<Self> {
        if request.launch_type.is_some() && !request.capacity_provider_strategy.is_empty() {
            return Err(Error::InvalidParameter(
                "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again."
                    .to_owned(),
            ));
        }
        let strategy: &[StrategyItem] = match request.launch_type {
            // Whoever names hosts has chosen the capacity.
            None if matches!(request.places, Where::On(_)) => &[],
            None if request.capacity_provider_strategy.is_empty() => {
                &cluster.document.default_capacity_provider_strategy
            }
            _ => &request.capacity_provider_strategy,
        };
        let launch_type = match request.launch_type.as_deref() {
            Some(launch_type @ ("EC2" | "FARGATE" | EXTERNAL)) => launch_type,
            Some(_) => return Err(Error::InvalidParameter("Invalid launch type.".to_owned())),
            // There are no other providers.
            None if !strategy.is_empty() => "FARGATE",
            None => "EC2",
        };
        check_compatible(definition, launch_type)?;
        platform::check(launch_type, request.platform_version.as_deref(), &definition.definition)?;
        let awsvpc = definition.definition.network_mode() == NetworkMode::Awsvpc;
        match (awsvpc, request.network_configuration.is_some()) {
            (true, false) => Err(Error::InvalidParameter(
                "Network Configuration must be provided when networkMode 'awsvpc' is specified.".to_owned(),
            )),
            (false, true) => Err(Error::InvalidParameter(
                "Network Configuration is not valid for the given networkMode of this task definition.".to_owned(),
            )),
            _ => Ok(Self { launch_type, strategy }),
        }
    }
}

fn check_compatible(definition: &TaskDefinition, launch_type: &str) -> Result<()> {
    if definition.definition.is_compatible(launch_type) {
        return Ok(());
    }
    Err(Error::InvalidParameter(format!("Task definition does not support launch_type {launch_type}.")))
}

fn check(request: &Request) -> Result<()> {
    let invalid = |message: String| Err(Error::InvalidParameter(message));
    if !request.overrides.is_null() && request.overrides.to_string().len() > LONGEST {
        return invalid(format!("Overrides can not have more than {LONGEST} characters."));
    }
    for (member, text, longest) in
        [("startedBy", &request.started_by, LONGEST_STARTED_BY), ("group", &request.group, LONGEST_GROUP)]
    {
        let Some(text) = text else {
            continue;
        };
        if text.chars().count() > longest {
            return invalid(format!("{member} can not have more than {longest} characters."));
        }
        if text.contains(char::is_control) {
            return invalid(format!("{member} contains invalid characters."));
        }
    }
    let legal = |token: &String| token.bytes().all(|byte| byte.is_ascii_graphic());
    if request.client_token.as_ref().is_some_and(|token| !legal(token) || !(1..=LONGEST_TOKEN).contains(&token.len())) {
        return invalid(format!("clientToken must have 1 to {LONGEST_TOKEN} visible ASCII characters."));
    }
    if request.group.as_deref().is_some_and(|group| group.starts_with("service:") || group.starts_with("family:")) {
        return invalid("The group must not begin with 'service:' or 'family:'.".to_owned());
    }
    if request.placement_constraints.len() > MOST_CONSTRAINTS {
        return invalid(format!("placementConstraints can not have more than {MOST_CONSTRAINTS} elements."));
    }
    if request.placement_strategy.len() > MOST_STRATEGIES {
        return invalid(format!("placementStrategy can not have more than {MOST_STRATEGIES} elements."));
    }
    tags::check(&request.tags)
}

/// What a request asks for, to tell a repetition from another one.
fn fingerprint(request: &Request) -> Result<String> {
    let text = clusters::written(request)?;
    let digest = Sha256::digest(text.as_bytes());
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// What the first request with a token has made.
async fn again(
    conn: &mut Conn,
    registry: &RegistryId,
    cluster: &str,
    before: Vec<tasks::TaskRow>,
    asked: &str,
) -> Result<Vec<Shape>> {
    let before: Vec<Task> = before.into_iter().map(Task::read).collect();
    if before.iter().any(|task| task.document.request.as_deref() != Some(asked)) {
        let arns = before.iter().map(|task| super::arn(registry, cluster, &task.row.task_id).to_string());
        return Err(Error::Conflict {
            message: "The clientToken was used by a request with other parameters.".to_owned(),
            resource_ids: arns.collect(),
        });
    }
    let mut shapes = Vec::new();
    for task in before {
        let tags = tags::list(conn, registry, &super::resource(cluster, &task.row.task_id)).await?;
        shapes.push(Shape::new(registry, cluster, task, tags));
    }
    Ok(shapes)
}

/// The tags of the request, over those of the definition if they are propagated, and those that ECS sets itself.
async fn wanted_tags(
    conn: &mut Conn,
    cluster: &Cluster,
    request: &Request,
    definition: &TaskDefinition,
) -> Result<Vec<Tag>> {
    let mut wanted = request.tags.clone();
    match request.propagate_tags.as_deref() {
        None | Some("NONE") => {}
        Some("TASK_DEFINITION") => {
            for tag in tags::list(conn, &cluster.row.registry, &definition.resource()).await? {
                if wanted.iter().all(|own| own.key != tag.key) {
                    wanted.push(tag);
                }
            }
        }
        Some(_) => {
            return Err(Error::InvalidParameter("propagateTags must be TASK_DEFINITION or NONE.".to_owned()));
        }
    }
    if request.enable_managed_tags {
        wanted.push(Tag { key: "aws:ecs:clusterName".to_owned(), value: cluster.row.name.clone() });
    }
    Ok(wanted)
}

/// The constraints of the definition and of the request; all of them must hold.
fn constraints(request: &Request, definition: &TaskDefinition) -> Result<Vec<Constraint>> {
    let own = definition.definition.placement_constraints.iter().map(|one| (&one.r#type, &one.expression));
    let wanted = request.placement_constraints.iter().map(|one| (&one.kind, &one.expression));
    own.chain(wanted).map(|(kind, expression)| Constraint::read(kind, expression.as_deref())).collect()
}

fn strategies(request: &Request) -> Result<Vec<Strategy>> {
    request.placement_strategy.iter().map(|one| Strategy::read(&one.kind, one.field.as_deref())).collect()
}

/// Why one task was not started, with the host that came closest.
fn failure(registry: &RegistryId, cluster: &str, hosts: &Hosts, why: &Unplaced) -> Failure {
    let closest = why.closest();
    let host = closest.and_then(|(index, _)| hosts.all().get(index));
    Failure {
        arn: host.map(|host| container_instances::arn(registry, cluster, &host.id).to_string()),
        reason: closest.map_or("INACTIVE", |(_, reason)| reason.as_str()).to_owned(),
        detail: None,
    }
}
