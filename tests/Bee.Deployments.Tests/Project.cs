using System.Reflection;
using Bee.Packages;

namespace Bee.Deployments;

/// <summary>The paths of the parts of the project that go into a container.</summary>
internal static class Project
{
    /// <summary>The folder of Bee.slnx.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The module, complete as after a build.</summary>
    public static string Module { get; } = Path.Combine(Root, "module", "Bee");

    /// <summary>The executable that starts PowerShell on this machine; <c>build.sh</c> writes it.</summary>
    public static string PowerShell { get; } = Path.Combine(Root, "artifacts", "pwsh");

    /// <summary>The folder of pwsh.dll that goes into containers; null if <c>build.sh</c> has not restored it.</summary>
    public static string? PowerShellFiles { get; } = FindPowerShell();

    /// <summary>Returns the path of a file of the project.</summary>
    public static string File(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>Runs a script in PowerShell with the module imported, and returns its output.</summary>
    /// <exception cref="InvalidOperationException">The command failed.</exception>
    public static string Script(string text)
    {
        string[] arguments = ["-NoProfile", "-NonInteractive", "-Command", $"$ErrorActionPreference = 'Stop'; Import-Module '{Module}'; {text}"];
        ChildResult result = Child.Run(PowerShell, arguments, TimeSpan.FromMinutes(3), environment: new Dictionary<string, string> { ["NO_COLOR"] = "1" });
        return result.ExitCode == 0 ? result.Output : throw new InvalidOperationException($"{text}\n{result.Messages}{result.Output}");
    }

    private static string? FindPowerShell()
    {
        string version = typeof(Project).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == "PowerShellVersion").Value!;
        string package = File("artifacts", "packages", "powershell", version);
        return Directory.Exists(package)
            ? Directory.GetFiles(package, "pwsh.dll", SearchOption.AllDirectories).Select(file => Path.GetDirectoryName(file)!).SingleOrDefault(folder => Path.GetFileName(folder) == "unix")
            : null;
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (System.IO.File.Exists(Path.Combine(folder.FullName, "Bee.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("The tests run inside the project's folder only.");
    }
}
