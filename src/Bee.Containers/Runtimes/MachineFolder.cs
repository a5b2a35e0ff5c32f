using System.Globalization;
using System.Text;

namespace Bee.Containers.Runtimes;

/// <summary>The containers that systemd-machined knows (systemd-nspawn, libvirt's LXC), from <c>/run/systemd/machines/NAME</c>. Virtual machines are left out.</summary>
/// <param name="folder">The folder of the machines.</param>
internal sealed class MachineFolder(RuntimeFolder folder) : IContainerRuntime
{
    /// <inheritdoc/>
    public string Name => "nspawn";

    /// <inheritdoc/>
    public uint UserId => folder.User;

    /// <inheritdoc/>
    public ContainerRecord? Find(string id, CancellationToken cancellationToken)
    {
        // The folder also contains links named unit:UNIT.
        if (!RuntimeFolder.IsName(id) || id.Contains(':', StringComparison.Ordinal) || folder.Read(id, 64 << 10) is not { } content)
        {
            return null;
        }

        // Lines of the form NAME=value.
        var values = new Dictionary<string, string>();
        foreach (string line in Encoding.UTF8.GetString(content).Split('\n'))
        {
            int equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
            {
                values[line[..equals]] = line[(equals + 1)..].Trim('"');
            }
        }

        return values.GetValueOrDefault("CLASS") == "container" && values.GetValueOrDefault("NAME") == id
            ? new ContainerRecord
            {
                Id = id,
                Name = ContainerText.Name(id),
                Image = ContainerText.Image(values.GetValueOrDefault("ROOT")),
                ProcessId = int.TryParse(values.GetValueOrDefault("LEADER"), NumberStyles.None, CultureInfo.InvariantCulture, out int leader) ? leader : 0,
                UserId = folder.User,
            }
            : null;
    }

    /// <inheritdoc/>
    public IReadOnlyList<ContainerRecord> List(CancellationToken cancellationToken) => [.. folder.Names().Select(name => Find(name, cancellationToken)).OfType<ContainerRecord>()];
}
