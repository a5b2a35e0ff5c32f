namespace Bee.Cmdlets.Deployments;

/// <summary>What New-BeeDeployment writes.</summary>
public enum DeploymentKind
{
    /// <summary>A DaemonSet of Kubernetes, which runs a container on every node.</summary>
    DaemonSet,

    /// <summary>A unit of systemd, which runs an image on this machine.</summary>
    Systemd,
}
