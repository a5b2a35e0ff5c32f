namespace Bee.Terminal.Devices;

/// <summary>What a view needs of a terminal. Members are called from the view's thread, unless they say otherwise.</summary>
public interface ITerminal : IDisposable
{
    /// <summary>The size in characters.</summary>
    (int Width, int Height) Size { get; }

    /// <summary>Switches to the alternate screen and to raw input. Does nothing if that is done.</summary>
    void Enter();

    /// <summary>Sets raw input again: the runtime restores its own settings when the process continues.</summary>
    void Renew();

    /// <summary>Restores the screen, the cursor and the settings. Safe from any thread, and more than once.</summary>
    void Leave();

    /// <summary>Writes bytes to the screen; does nothing unless <see cref="Enter"/> was called last.</summary>
    /// <param name="bytes">Text and control sequences in UTF-8.</param>
    void Write(ReadOnlySpan<byte> bytes);

    /// <summary>Waits for input, until <see cref="Wake"/> is called, or for a time.</summary>
    /// <param name="buffer">Receives the bytes.</param>
    /// <param name="wait">How long at most.</param>
    /// <returns>How many bytes came; 0 if none did, -1 if the terminal is gone.</returns>
    int Read(Span<byte> buffer, TimeSpan wait);

    /// <summary>Ends a wait. Safe from any thread.</summary>
    void Wake();

    /// <summary>Stops the process group as the shell's job control does, and returns when it continues. Does nothing where no shell would continue it.</summary>
    void Suspend();
}
