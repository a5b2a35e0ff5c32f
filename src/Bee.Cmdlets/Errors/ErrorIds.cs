using System.Collections.Frozen;
using System.Management.Automation;
using static System.Management.Automation.ErrorCategory;

namespace Bee.Cmdlets.Errors;

/// <summary>One error id.</summary>
/// <param name="Id">The id, which scripts compare. It is never renamed.</param>
/// <param name="Category">The category of the error record.</param>
/// <param name="Advice">What to do about it in terms of cmdlets and their parameters; follows the library's remedy, which names none. Null if that suffices.</param>
internal sealed record ErrorId(string Id, ErrorCategory Category, string? Advice = null);

/// <summary>The table of all error ids.</summary>
internal static class ErrorIds
{
    private const string Password = $"Give it with -SignPassword (Read-Host -AsSecureString), or in the environment variable {EnvironmentVariables.SigningPassword}.";

    // Ids of .NET exceptions.
    public const string FileNotFound = "FileNotFound", AccessDenied = "AccessDenied", FileError = "FileError", NotSupported = "NotSupported", Unexpected = "Unexpected";

    /// <summary>All rows, by kind.</summary>
    public static IReadOnlyList<ErrorId> All { get; } =
    [
        // .NET exceptions, and what is not expected
        new(FileNotFound, ObjectNotFound),
        new(AccessDenied, PermissionDenied),
        new(FileError, ReadError),
        new(NotSupported, NotImplemented),
        new(Unexpected, NotSpecified),

        // Input of the cmdlets
        new("BadAttachTo", InvalidArgument),
        new("BadMapSize", InvalidArgument),
        new("BadCompileCommands", InvalidData),
        new("BadDefine", InvalidArgument),
        new("BadName", InvalidArgument),
        new("BadRecordType", InvalidArgument),
        new("BadVmlinuxBtf", InvalidArgument),
        new("BaseNotFound", ObjectNotFound),
        new("CaptureLimitMissing", InvalidArgument),
        new("CaptureTaken", InvalidArgument),
        new("CheckNotFound", ObjectNotFound),
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
        new("NoKernelBtf", ResourceUnavailable, "-VmlinuxBtf takes the BTF of another kernel."),
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
        new("LoadFailed.VerifierRejected", SecurityError, "$Error[0].Exception.VerifierLog shows the log."),
        new("LoadFailed.BeyondRecord", InvalidData),
        new("LoadFailed.MapCreate", ResourceUnavailable),
        new("LoadFailed.MapSize", InvalidArgument, "-MapSize @{ map = 10240 } gives one for this run."),
        new("LoadFailed.BadObject", InvalidData),
        new("LoadFailed.BadParameter", InvalidArgument),
        new("LoadFailed.NoPlace", InvalidArgument, "-Interface, -Cgroup and -NetworkNamespace name it, -AttachTo @{ program = 'map' } names a map, and -Skip leaves a program out."),
        new("LoadFailed.Busy", ResourceBusy, "-AttachTo @{ program = 'target' } gives a single program another target, and -Skip leaves one out."),
        new("LoadFailed.NoProcess", ObjectNotFound),

        // Programs that run
        new("OverheadExceeded", LimitsExceeded, "-MaxOverhead gives the limit, and Get-BeeProgram -Statistics shows what programs cost."),

        // TestFault
        new("TestRun.Unsupported", NotImplemented),
        new("TestRun.BadData", InvalidArgument, "-Data takes it, as bytes or hex digits."),
        new("TestRun.BadContext", InvalidArgument, "-Context takes it."),
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
        new("MapEntry.Full", LimitsExceeded, "Remove-BeeMapEntry removes entries; with -All -Count 1 it takes a value out of a queue or stack. Set-BeeMapEntry -MustExist lets the oldest make room there."),
        new("MapEntry.ReadOnly", PermissionDenied, "Start-BeeProgram -Parameter sets parameters."),
        new("MapEntry.Unsupported", NotImplemented),
        new("MapEntry.NoPermission", PermissionDenied),

        // PinFault
        new("Pin.Other", InvalidOperation),
        new("Pin.NotOnBpffs", ResourceUnavailable),
        new("Pin.BadPath", InvalidArgument),
        new("Pin.Exists", ResourceExists, "Stop-BeeProgram ends it."),
        new("Pin.NotFound", ObjectNotFound, "Get-BeeProgram -Pinned lists what is pinned."),
        new("Pin.Untrusted", SecurityError),
        new("Pin.Foreign", InvalidData),
        new("Pin.CannotPin", NotImplemented, "Without -PinPath it runs in this session."),
        new("Pin.InUse", ResourceBusy, "Stop-BeeProgram ends it there; Get-BeeMapEntry reads its maps."),
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
        new("Registry.Certificate", SecurityError, "-CACertificate takes the certificate of an authority, -SkipCertificateCheck any certificate, and -PlainHttp does without."),
        new("Registry.PlainHttp", SecurityError, "-PlainHttp asks for plain http."),
        new("Registry.Broken", ConnectionError),
        new("Registry.TimedOut", OperationTimeout, "-ConnectionTimeoutSeconds and -OperationTimeoutSeconds say how long to wait."),
        new("Registry.Unauthorized", AuthenticationError, "Connect-BeeRegistry logs in, with -Credential or -Token."),
        new("Registry.Denied", PermissionDenied),
        new("Registry.NotFound", ObjectNotFound, "Find-BeeImage lists the repositories and tags that a registry has."),
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
        new("Capture.Exists", ResourceExists, "-Force replaces it."),
        new("Capture.InUse", ResourceBusy),
        new("Capture.CannotCreate", OpenError),
        new("Capture.NoSpace", ResourceUnavailable, "-CaptureSize and -CaptureFiles, of Export-BeeEvent -MaxSize and -MaxFiles, keep the latest events alone."),
        new("Capture.CannotWrite", WriteError),
        new("Capture.NotACapture", InvalidData, "Export-BeeEvent, and -Capture of Invoke-BeeProgram and Start-BeeProgram, write captures."),
        new("Capture.NewerVersion", NotImplemented),
        new("Capture.Damaged", InvalidData),

        // TrustFault
        new("Trust.Denied", SecurityError),
        new("Trust.NotVerified", SecurityError),
        new("Trust.NoKey", SecurityError, "-PublicKey takes it."),
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
        new("Skeleton.Target", InvalidArgument, "Tab behind -AttachTo lists what there is; Invoke-BeeProgram takes -Interface, -Cgroup and -NetworkNamespace."),
        new("Skeleton.UnknownTemplate", InvalidArgument),
        new("Skeleton.PiecesMissing", InvalidArgument),

        // MetricServerFault
        new("MetricServer.InvalidAddress", InvalidArgument),
        new("MetricServer.AddressTaken", ResourceBusy),
        new("MetricServer.AddressUnavailable", ResourceUnavailable),
        new("MetricServer.Unprotected", SecurityError, $"Start-BeeMetricServer takes -Token, -TokenFile, -Certificate or -AllowAnonymous; with -MetricListen the environment variable {EnvironmentVariables.MetricToken} gives a token."),
        new("MetricServer.InvalidCertificate", InvalidData),
        new("MetricServer.InvalidToken", InvalidArgument),

        // LogFault
        new("Log.InvalidAddress", InvalidArgument),
        new("Log.NoJournal", ResourceUnavailable, "-JournalSocket takes the path of a socket."),

        // OtlpFault
        new("Otlp.InvalidEndpoint", InvalidArgument),
        new("Otlp.InvalidHeader", InvalidArgument, "-OtlpHeader takes a hashtable of names and values; a value can be a SecureString."),
        new("Otlp.InvalidVariable", InvalidArgument),
        new("Otlp.UnsupportedProtocol", NotImplemented, "-OtlpProtocol goes before the variable."),
        new("Otlp.InvalidCertificate", InvalidData),

        // PictureFault
        new("Picture.Empty", InvalidArgument),
        new("Picture.NoStack", InvalidArgument),
        new("Picture.SeveralStacks", InvalidArgument, "-Stack names them."),
        new("Picture.SeveralValues", InvalidArgument, "-Value names a number; Where-Object MapName -eq NAME leaves the objects of one map."),
        new("Picture.UnknownField", InvalidArgument),
        new("Picture.BadField", InvalidArgument),
    ];

    private static readonly FrozenDictionary<string, ErrorId> s_byId = All.ToFrozenDictionary(row => row.Id, StringComparer.Ordinal);

    /// <summary>The row of an id. An id without a row, which no test lets pass, has no category.</summary>
    public static ErrorId Find(string id) => s_byId.TryGetValue(id, out ErrorId? row) ? row : new ErrorId(id, NotSpecified);
}

/// <summary>The names of environment variables that messages and advice name.</summary>
internal static class EnvironmentVariables
{
    /// <summary>The password of a private key, which cosign reads too.</summary>
    public const string SigningPassword = "COSIGN_PASSWORD";

    /// <summary>The token of a metric server if no parameter gives one.</summary>
    public const string MetricToken = "BEE_METRIC_TOKEN";
}
