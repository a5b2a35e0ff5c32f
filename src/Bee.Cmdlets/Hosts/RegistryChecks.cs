using Bee.Cmdlets.Errors;
using Bee.Ebpf.Checks;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Registry.Client;
using Bee.Oci.Registry.Settings;
using Bee.Oci.Signatures.Keys;
using Bee.Oci.Trust;
using Bee.Posix;
using Bee.Toolchain.Isolation;

namespace Bee.Cmdlets.Hosts;

/// <summary>Checks the policies and settings for registries on this machine. Sends no request to a registry.</summary>
internal static class RegistryChecks
{
    public static CheckResult Policy()
    {
        const string Name = "VerificationPolicy";
        IReadOnlyList<TrustPolicy> policies;
        try
        {
            policies = TrustPolicy.Load(null, Isolated.Create<IKeyAlgorithms>);
        }
        catch (TrustException bad)
        {
            return new(Name, CheckState.Failed, bad.Message) { Target = bad.Policy, Remedy = ErrorRecords.Remedy(bad) };
        }

        return policies.Count == 0
            ? new(Name, CheckState.Skipped, "No verification policy exists: images of all registries may be stored and run.")
            : new(Name, CheckState.Ok, $"Images from registries must pass {string.Join(", and ", policies.Select(Rules))}.") { Target = string.Join(", ", policies.Select(policy => policy.Path)) };
    }

    public static CheckResult Settings()
    {
        const string Name = "RegistrySettings";
        RegistrySettings settings;
        try
        {
            settings = RegistrySettings.Load();
        }
        catch (SettingsException bad)
        {
            return new(Name, CheckState.Failed, $"No registry can be used: {bad.Message}") { Target = bad.Path, Remedy = "Correct the file, or delete it if no settings are needed." };
        }

        string target = string.Join(", ", settings.Sources);
        foreach ((string host, RegistryHost set) in settings.Registries)
        {
            try
            {
                new RemoteRegistry(host, new RegistryOptions { CACertificate = set.CACertificate }).Dispose();
            }
            catch (RegistryException bad)
            {
                return new(Name, CheckState.Failed, $"{host} cannot be used: {bad.Message}") { Target = target, Remedy = ErrorRecords.Remedy(bad) ?? "Correct the settings for this registry." };
            }
        }

        string[] parts =
        [
            settings.Default is null ? "no default registry" : $"{settings.Default} is the default registry",
            .. Hosts(settings, set => set.PlainHttp, "plain http for"),
            .. Hosts(settings, set => set.CACertificate is not null, "additional CA certificates for"),
        ];
        return settings.Sources.Count == 0
            ? new(Name, CheckState.Skipped, "No settings exist for registries: a name without a registry stands for a local image.")
            : new(Name, CheckState.Ok, $"Settings for registries: {string.Join("; ", parts)}.") { Target = target };
    }

    public static CheckResult Mirrors()
    {
        const string Name = "Mirrors";
        string[] mirrored = [.. RegistrySettings.Load().Registries.Where(set => set.Value.Mirrors.Count > 0).Select(set => $"{set.Key} from {string.Join(", then ", set.Value.Mirrors)}")];
        return mirrored.Length == 0
            ? new(Name, CheckState.Skipped, "No mirrors are configured: images are read from their own registries.")
            : new(Name, CheckState.Ok, $"Mirrors are read first: {string.Join("; ", mirrored)}.");
    }

    private static string Rules(TrustPolicy policy)
        => $"{policy.Path} ({Quantity.Of(policy.Rules.Count, "rule")}, {(policy.Default ? "others pass" : "others are refused")})";

    private static IEnumerable<string> Hosts(RegistrySettings settings, Func<RegistryHost, bool> isSet, string what)
    {
        string[] hosts = [.. settings.Registries.Where(set => isSet(set.Value)).Select(set => set.Key)];
        return hosts.Length == 0 ? [] : [$"{what} {string.Join(", ", hosts)}"];
    }
}
