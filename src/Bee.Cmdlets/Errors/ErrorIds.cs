using System.Collections.Frozen;
using System.Management.Automation;
using static System.Management.Automation.ErrorCategory;

namespace Bee.Cmdlets.Errors;

/// <summary>One error id.</summary>
/// <param name="Id">The id, which scripts compare. It is never renamed.</param>
/// <param name="Category">The category of the error record.</param>
/// <param name="Advice">The remedy in terms of cmdlets and parameters. It follows the library's remedy, which names none. Null if that suffices.</param>
internal sealed record ErrorId(string Id, ErrorCategory Category, string? Advice = null);

/// <summary>The table of all error ids.</summary>
internal static class ErrorIds
{
    private const string Password = $"Specify it with -SignPassword (Read-Host -AsSecureString), or in the environment variable {EnvironmentVariables.SigningPassword}.";

    // Ids of .NET exceptions.
    public const string FileNotFound = "FileNotFound", AccessDenied = "AccessDenied", FileError = "FileError", NotSupported = "NotSupported", Unexpected = "Unexpected";

    /// <summary>All rows, grouped by area.</summary>
    public static IReadOnlyList<ErrorId> All { get; } =
    [
        // .NET exceptions, and unexpected errors
        new(FileNotFound, ObjectNotFound),
        new(AccessDenied, PermissionDenied),
        new(FileError, ReadError),
        new(NotSupported, NotImplemented),
        new(Unexpected, NotSpecified),

        // Input of the cmdlets
        new("BadAttachTo", InvalidArgument),
        new("BadMapSize", InvalidArgument),
        new("BadCompileCommands", InvalidData),
        new("BadContainerRuntime", InvalidArgument),
        new("NoKubernetesAccess", ConnectionError),
        new("BadDefine", InvalidArgument),
        new("BadHostName", InvalidArgument),
        new("BadName", InvalidArgument),
        new("BadRecordType", InvalidArgument),
        new("BadRemotePath", InvalidArgument),
        new("BadVmlinuxBtf", InvalidArgument),
        new("BaseNotFound", ObjectNotFound),
        new("CaptureLimitMissing", InvalidArgument),
        new("CaptureTaken", InvalidArgument),
        new("CheckNotFound", ObjectNotFound),
        new("ContainerLimitUnsupported", InvalidArgument),
        new("EmptySecret", InvalidArgument),
        new("FileExists", InvalidArgument),
        new("ImageNotFound", ObjectNotFound),
        new("MapAmbiguous", InvalidArgument),
        new("MapEntryMissing", InvalidArgument),
        new("MapNameMissing", InvalidArgument),
        new("MapNotFound", ObjectNotFound),
        new("MapNotHistogram", InvalidArgument),
        new("MapNotReadable", InvalidArgument),
        new("MetricServerNotFound", ObjectNotFound),
        new("NeedsFolder", InvalidArgument),
        new("NeedsPlatformTypes", InvalidArgument),
        new("NoContainerRuntime", ResourceUnavailable),
        new("NoImage", ObjectNotFound),
        new("NoLogin", ObjectNotFound),
        new("NoName", InvalidArgument),
        new("NoRegistry", InvalidArgument),
        new("NoTag", InvalidArgument),
        new("NoWildcards", InvalidArgument),
        new("NoReceiver", InvalidArgument),
        new("NotAContainer", InvalidArgument),
        new("SubscriberExists", ResourceExists),
        new("NotAFile", InvalidArgument),
        new("OnlyCaptured", InvalidOperation),
        new("NotAProgram", InvalidArgument),
        new("NotASource", InvalidArgument),
        new("NotAnEntry", InvalidArgument),
        new("NotAnEvent", InvalidType),
        new("NotAnImage", InvalidArgument),
        new("NothingReplaced", InvalidArgument),
        new("NothingToAttach", InvalidArgument),
        new("OtherPlatform", InvalidArgument),
        new("ParameterNotFound", ObjectNotFound),
        new("ParametersExclude", InvalidArgument),
        new("PinPathWithoutEnd", InvalidArgument),
        new("ProgramEnded", InvalidArgument),
        new("ProgramNotFound", ObjectNotFound),
        new("SameTarget", InvalidArgument),
        new("SecretInSource", InvalidArgument),
        new("SeveralImages", InvalidArgument),
        new("SeveralPrograms", InvalidArgument),
        new("SeveralSecrets", InvalidArgument),
        new("SeveralSources", InvalidArgument),
        new("Usage", InvalidArgument),
        new("ViewFailed", InvalidArgument),
        new("ViewInUse", InvalidArgument),

        // Objects, parameters and records
        new("BadParameter", InvalidArgument),
        new("ShortRecord", InvalidData),
        new("LinkFailed", InvalidData),

        // Building
        new("CompilationFailed", ParserError),
        new("ToolMissing", NotInstalled),
        new("NoKernelBtf", ResourceUnavailable, "To compile for another kernel, pass its BTF with -VmlinuxBtf."),
        new("BadManifest", ParserError),
        new("BadSettings", ParserError),

        // LoadFault
        new("LoadFailed.Other", InvalidOperation),
        new("LoadFailed.LibbpfMissing", NotInstalled),
        new("LoadFailed.NoPermission", PermissionDenied),
        new("LoadFailed.NoKernelBtf", ResourceUnavailable),
        new("LoadFailed.NoTracefs", ResourceUnavailable),
        new("LoadFailed.NoTarget", ObjectNotFound),
        new("LoadFailed.Unsupported", NotImplemented),
        new("LoadFailed.VerifierRejected", SecurityError, "$Error[0].Exception.VerifierLog has the full log."),
        new("LoadFailed.BeyondRecord", InvalidData),
        new("LoadFailed.MapCreate", ResourceUnavailable),
        new("LoadFailed.MapSize", InvalidArgument, "Set a size for this run with -MapSize @{ map = 10240 }."),
        new("LoadFailed.BadObject", InvalidData),
        new("LoadFailed.BadParameter", InvalidArgument),
        new("LoadFailed.NoPlace", InvalidArgument, "Specify the attach target with -Interface, -Cgroup or -NetworkNamespace, or a map with -AttachTo @{ program = 'map' }, or skip the program with -Skip."),
        new("LoadFailed.Busy", ResourceBusy, "Choose another attach target with -AttachTo @{ program = 'target' }, or skip the program with -Skip."),
        new("LoadFailed.NoProcess", ObjectNotFound),

        // Programs that run
        new("OverheadExceeded", LimitsExceeded, "Change the limit with -MaxOverhead, or find the expensive program with Get-BeeProgram -Statistics."),

        // TestFault
        new("TestRun.Unsupported", NotImplemented),
        new("TestRun.BadData", InvalidArgument, "Pass it with -Data, as bytes or hex digits."),
        new("TestRun.BadContext", InvalidArgument, "Pass it with -Context."),
        new("TestRun.BadOption", InvalidArgument),
        new("TestRun.Refused", InvalidArgument),

        // PackFault
        new("PackedEvents.Damaged", InvalidData),
        new("PackedEvents.UnknownItem", InvalidData),
        new("PackedEvents.NotPackable", InvalidArgument),

        // ObjectFault
        new("BadObject.NotElf", InvalidData),
        new("BadObject.NotBpf", InvalidData),
        new("BadObject.WrongEndianness", InvalidData),
        new("BadObject.Truncated", InvalidData),
        new("BadObject.DamagedElf", InvalidData),
        new("BadObject.DamagedBtf", InvalidData),
        new("BadObject.NoBtf", InvalidData),
        new("BadObject.BadMap", InvalidData),
        new("BadObject.UndefinedSymbol", InvalidData),
        new("BadObject.NoPrograms", InvalidData),
        new("BadObject.Unsupported", InvalidData),

        // MapFault
        new("MapEntry.Other", WriteError),
        new("MapEntry.BadValue", InvalidArgument),
        new("MapEntry.BadKey", InvalidArgument),
        new("MapEntry.UnknownField", InvalidArgument),
        new("MapEntry.MissingField", InvalidArgument),
        new("MapEntry.Ambiguous", InvalidArgument),
        new("MapEntry.NotFound", ObjectNotFound),
        new("MapEntry.Exists", ResourceExists),
        new("MapEntry.Full", LimitsExceeded, "Remove entries with Remove-BeeMapEntry, or one value of a queue or stack with -All -Count 1. To replace the oldest value of a queue or stack, use Set-BeeMapEntry -MustExist."),
        new("MapEntry.ReadOnly", PermissionDenied, "To set a parameter, start the tool with Start-BeeProgram -Parameter."),
        new("MapEntry.Unsupported", NotImplemented),
        new("MapEntry.TypeMismatch", InvalidArgument),
        new("MapEntry.NoPermission", PermissionDenied),

        // PinFault
        new("Pin.Other", InvalidOperation),
        new("Pin.NotOnBpffs", ResourceUnavailable),
        new("Pin.BadPath", InvalidArgument),
        new("Pin.Exists", ResourceExists, "Stop that session with Stop-BeeProgram."),
        new("Pin.NotFound", ObjectNotFound, "List the pinned sessions with Get-BeeProgram -Pinned."),
        new("Pin.Untrusted", SecurityError),
        new("Pin.Foreign", InvalidData),
        new("Pin.CannotPin", NotImplemented, "Run the tool without -PinPath."),
        new("Pin.InUse", ResourceBusy, "Stop the session with Stop-BeeProgram in that process, or read its maps with Get-BeeMapEntry."),
        new("Pin.NoPermission", PermissionDenied),

        // StoreFault
        new("Store.Io", WriteError),
        new("Store.NoPermission", PermissionDenied),
        new("Store.NotAStore", InvalidData),
        new("Store.NotFound", ObjectNotFound),
        new("Store.Ambiguous", InvalidArgument),
        new("Store.BadReference", InvalidArgument),
        new("Store.DamagedIndex", InvalidData),
        new("Store.DamagedManifest", InvalidData),
        new("Store.DamagedConfig", InvalidData),
        new("Store.MissingBlob", ObjectNotFound),
        new("Store.DigestMismatch", SecurityError),
        new("Store.TooLarge", InvalidData),
        new("Store.BadArchive", InvalidData),
        new("Store.NoProgram", ObjectNotFound),
        new("Store.BadPlatform", InvalidArgument),
        new("Store.NotABase", InvalidData),
        new("Store.BadContent", InvalidData),
        new("Store.Busy", ResourceBusy),
        new("Store.Untrusted", SecurityError),
        new("Store.ReadOnly", PermissionDenied),

        // RegistryFault
        new("Registry.Unreachable", ConnectionError),
        new("Registry.Certificate", SecurityError, "Trust an additional authority with -CACertificate. For tests, -SkipCertificateCheck accepts any certificate, and -PlainHttp uses no TLS."),
        new("Registry.PlainHttp", SecurityError, "To use plain http, specify -PlainHttp."),
        new("Registry.Broken", ConnectionError),
        new("Registry.TimedOut", OperationTimeout, "To wait longer, use -ConnectionTimeoutSeconds or -OperationTimeoutSeconds."),
        new("Registry.Unauthorized", AuthenticationError, "Log in with Connect-BeeRegistry, using -Credential or -Token."),
        new("Registry.Denied", PermissionDenied),
        new("Registry.NotFound", ObjectNotFound, "List the registry's repositories and tags with Find-BeeImage."),
        new("Registry.NoPlatform", ObjectNotFound),
        new("Registry.BadName", InvalidArgument),
        new("Registry.Refused", ProtocolError),
        new("Registry.Unsupported", NotImplemented),
        new("Registry.TooManyRequests", LimitsExceeded),
        new("Registry.ServerError", ProtocolError),
        new("Registry.BadAnswer", InvalidData),
        new("Registry.DigestMismatch", SecurityError),
        new("Registry.TooLarge", InvalidData),
        new("Registry.Unsafe", SecurityError),
        new("Registry.Login", ReadError),

        // CaptureFault
        new("Capture.Exists", ResourceExists, "To replace it, use -Force."),
        new("Capture.InUse", ResourceBusy),
        new("Capture.CannotCreate", OpenError),
        new("Capture.NoSpace", ResourceUnavailable, "To keep only the latest events, use -CaptureSize and -CaptureFiles, or -MaxSize and -MaxFiles of Export-BeeEvent."),
        new("Capture.CannotWrite", WriteError),
        new("Capture.NotACapture", InvalidData, "Captures are written by Export-BeeEvent, and by Invoke-BeeProgram and Start-BeeProgram with -Capture."),
        new("Capture.NewerVersion", NotImplemented),
        new("Capture.Damaged", InvalidData),

        // TrustFault
        new("Trust.Denied", SecurityError),
        new("Trust.NotVerified", SecurityError),
        new("Trust.NoKey", SecurityError, "Specify the key with -PublicKey."),
        new("Trust.Unverifiable", SecurityError),
        new("Trust.BadPolicy", ParserError),

        // SignatureFault
        new("Signature.BadKey", InvalidData),
        new("Signature.UnsupportedKey", NotImplemented),
        new("Signature.PasswordNeeded", AuthenticationError, Password),
        new("Signature.WrongPassword", AuthenticationError, Password),
        new("Signature.BadSignatureImage", InvalidData),

        // SkeletonFault
        new("Skeleton.UnknownKind", InvalidArgument),
        new("Skeleton.Combination", InvalidArgument),
        new("Skeleton.Target", InvalidArgument, "Press Tab after -AttachTo to list the targets. Interfaces, control groups and network namespaces are specified when the tool runs: with -Interface, -Cgroup and -NetworkNamespace of Invoke-BeeProgram."),
        new("Skeleton.UnknownTemplate", InvalidArgument),
        new("Skeleton.PiecesMissing", InvalidArgument),

        // MetricServerFault
        new("MetricServer.InvalidAddress", InvalidArgument),
        new("MetricServer.AddressTaken", ResourceBusy),
        new("MetricServer.AddressUnavailable", ResourceUnavailable),
        new("MetricServer.Unprotected", SecurityError, $"Use -Token, -TokenFile, -Certificate or -AllowAnonymous of Start-BeeMetricServer. For -MetricListen, set a token in the environment variable {EnvironmentVariables.MetricToken}."),
        new("MetricServer.InvalidCertificate", InvalidData),
        new("MetricServer.InvalidToken", InvalidArgument),

        // LogFault
        new("Log.InvalidAddress", InvalidArgument),
        new("Log.NoJournal", ResourceUnavailable, "Specify another socket with -JournalSocket."),

        // OtlpFault
        new("Otlp.InvalidEndpoint", InvalidArgument),
        new("Otlp.InvalidHeader", InvalidArgument, "-OtlpHeader expects a hashtable of names and values; a value can be a SecureString."),
        new("Otlp.InvalidVariable", InvalidArgument),
        new("Otlp.UnsupportedProtocol", NotImplemented, "-OtlpProtocol overrides the variable."),
        new("Otlp.InvalidCertificate", InvalidData),

        // FleetFault
        new("Fleet.SshMissing", NotInstalled),
        new("Fleet.SshNotStarted", ResourceUnavailable),
        new("Fleet.Unreachable", ConnectionError),
        new("Fleet.HostKeyUnknown", SecurityError),
        new("Fleet.LoginRefused", AuthenticationError, "-KeyFilePath names the key's file, and -UserName the user."),
        new("Fleet.PowerShellMissing", NotInstalled, $"-PwshPath names the path, or the environment variable {EnvironmentVariables.RemotePwsh}."),
        new("Fleet.SudoRefused", PermissionDenied),
        new("Fleet.ModuleMissing", NotInstalled, $"-ModulePath names the folder, or the environment variable {EnvironmentVariables.RemoteModule}."),
        new("Fleet.OtherVersion", NotImplemented),
        new("Fleet.AgentFailed", InvalidOperation),
        new("Fleet.ConnectionLost", ConnectionError),
        new("Fleet.Damaged", InvalidData),
        new("Fleet.Failed", NotSpecified),

        // PictureFault
        new("Picture.Empty", InvalidArgument),
        new("Picture.NoStack", InvalidArgument),
        new("Picture.SeveralStacks", InvalidArgument, "Select them with -Stack."),
        new("Picture.SeveralValues", InvalidArgument, "Select a number with -Value, or the objects of one map with Where-Object MapName -eq NAME."),
        new("Picture.UnknownField", InvalidArgument),
        new("Picture.BadField", InvalidArgument),
    ];

    private static readonly FrozenDictionary<string, ErrorId> s_byId = All.ToFrozenDictionary(row => row.Id, StringComparer.Ordinal);

    /// <summary>Returns the row of an id. An unknown id has the category NotSpecified; a test ensures that none is used.</summary>
    public static ErrorId Find(string id) => s_byId.TryGetValue(id, out ErrorId? row) ? row : new ErrorId(id, NotSpecified);
}

/// <summary>The names of environment variables in messages and advice.</summary>
internal static class EnvironmentVariables
{
    /// <summary>The password of a private key; cosign uses the same variable.</summary>
    public const string SigningPassword = "COSIGN_PASSWORD";

    /// <summary>The token of a metric server, if no parameter specifies one.</summary>
    public const string MetricToken = "BEE_METRIC_TOKEN";

    /// <summary>The path of pwsh on other hosts, if no parameter specifies one.</summary>
    public const string RemotePwsh = "BEE_REMOTE_PWSH";

    /// <summary>The folder or name of the module on other hosts, if no parameter specifies one.</summary>
    public const string RemoteModule = "BEE_REMOTE_MODULE";
}
