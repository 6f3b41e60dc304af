# What probe() and doctor say on a host with AMD-V: with everything there, without the right to use it, without the module.
failures=0

as() { # WHO ARGUMENTS...: ringside, run by WHO
    who=$1
    shift
    start-stop-daemon -S -q -c "$who" -x "$RINGSIDE" -- "$@"
}

# says WHO TEXT: does doctor, run by WHO, say TEXT of the strategy hardware?
doctor_of() { as "$1" doctor | sed -n '/^  hardware  *\(yes\|no\) /,/^Guests/p'; }
says() {
    if doctor_of "$1" | grep -qF "$2"; then
        echo "ok: to $1 doctor says: $2"
    else
        echo "FAILED: to $1 doctor does not say: $2"
        doctor_of "$1"
        failures=$((failures + 1))
    fi
}

# ends WHO CODE: does the run of a guest under hardware end with this exit code?
ends() {
    as "$1" run hello --strategy hardware >/tmp/out 2>/tmp/err
    status=$?
    if [ $status = "$2" ]; then
        echo "ok: a guest that $1 runs ends with $status"
    else
        echo "FAILED: a guest that $1 runs ends with $status instead of $2"
        cat /tmp/out /tmp/err
        failures=$((failures + 1))
    fi
}

chmod 777 /tmp
says root "yes  KVM on AMD-V, nested"
ends root 0

chgrp kvm /dev/kvm
chmod 660 /dev/kvm
says student "/dev/kvm may not be opened"
says student "join the group 'kvm': sudo usermod -aG kvm"
rm -f /tmp/out /tmp/err
ends student 69
says member "yes  KVM on AMD-V, nested"

rmmod kvm_amd
says root "there is no /dev/kvm; the CPU says AMD-V"
says root "sudo modprobe kvm_amd"
ends root 69

# Without nested paging KVM keeps shadow page tables itself.
insmod /lib/kvm-amd.ko npt=0
says root "yes  KVM on AMD-V, nested"
ends root 0
rmmod kvm_amd
insmod /lib/kvm-amd.ko
says root "yes  KVM on AMD-V, nested"
echo "$failures failures"
exit $((failures != 0))
