(ns jepsen.quorate.core
  "The command line, and the test that it describes."
  (:gen-class)
  (:require [clojure.string :as str]
            [jepsen [checker :as checker]
                    [cli :as cli]
                    [generator :as gen]
                    [tests :as tests]]
            [jepsen.os.debian :as debian]
            [jepsen.quorate [append :as append]
                            [bank :as bank]
                            [db :as db]
                            [nemesis :as nemesis]
                            [register :as register]
                            [set :as set]]))

(def workloads
  "Names of workloads, and functions of options that make them."
  {:register register/workload
   :append   append/workload
   :bank     bank/workload
   :set      set/workload})

(def recovery-seconds
  "How long a healed cluster has before final reads."
  20)

(defn expected-model
  "The consistency model that Quorate claims of transactions at this isolation
  level and read consistency: docs/isolation.md says why."
  [{:keys [isolation consistency]}]
  (let [strong? (= :strong consistency)]
    (case isolation
      :serializable    (if strong? :strict-serializable :serializable)
      :repeatable-read (if strong? :strong-snapshot-isolation :snapshot-isolation)
      (:read-committed :read-uncommitted) :read-committed)))

(defn quorate-test
  "Takes options of the command line and makes a test."
  [opts]
  (let [opts     (update opts :model #(or % (expected-model opts)))
        db       (db/db)
        workload ((workloads (:workload opts)) opts)
        nemesis  (nemesis/package db opts)
        main     (->> (:generator workload)
                      (gen/stagger (/ (:rate opts)))
                      (gen/nemesis (:generator nemesis))
                      (gen/time-limit (:time-limit opts)))
        final    (when-let [final (:final-generator workload)]
                   (gen/phases (gen/nemesis (:final-generator nemesis))
                               (gen/log "Waiting for the cluster to recover")
                               (gen/sleep recovery-seconds)
                               (gen/clients final)))]
    (merge tests/noop-test
           opts
           (dissoc workload :generator :final-generator :wrap-generator :checker)
           {:name      (str "quorate " (name (:workload opts))
                            " " (name (:isolation opts))
                            " " (name (:consistency opts))
                            (when (seq (:nemesis opts))
                              (str " " (str/join "," (map name (:nemesis opts))))))
            :os        debian/os
            :db        db
            :nemesis   (:nemesis nemesis)
            :generator ((:wrap-generator workload identity)
                        (if final (gen/phases main final) main))
            :checker   (checker/compose
                         {:perf       (checker/perf {:nemeses (:perf nemesis)})
                          :clock      (checker/clock-plot)
                          :stats      (checker/stats)
                          :exceptions (checker/unhandled-exceptions)
                          :crashes    (checker/log-file-pattern #"panicked at" "quorate.log")
                          :workload   (:checker workload)})})))

(def cli-opts
  "Options beside those of every Jepsen test."
  [[nil "--binary FILE" "The program of the server, a release build for the nodes' system, on this machine."
    :default "quorate"]

   ["-i" "--isolation LEVEL" "Isolation level of transactions."
    :default  :serializable
    :parse-fn keyword
    :validate [#{:serializable :repeatable-read :read-committed :read-uncommitted}
               "must be serializable, repeatable-read, read-committed or read-uncommitted"]]

   [nil "--consistency LEVEL" "What reads on followers see: quorate_read_consistency."
    :default  :strong
    :parse-fn keyword
    :validate [#{:strong :eventual} "must be strong or eventual"]]

   [nil "--model MODEL" "Consistency model to check transactions for, in Elle's words; else the one that is claimed."
    :parse-fn keyword]

   [nil "--nemesis FAULTS" "Comma-separated faults, or all, or none."
    :default  []
    :parse-fn nemesis/parse
    :validate [(partial every? (set nemesis/faults))
               (str "must be of " (str/join ", " (map name nemesis/faults)) ", all or none")]]

   [nil "--nemesis-interval SECONDS" "About how long it is from one fault to the next."
    :default  10
    :parse-fn parse-double
    :validate [#(and % (pos? %)) "must be a positive number"]]

   ["-r" "--rate HZ" "About how many operations are begun a second."
    :default  100
    :parse-fn parse-double
    :validate [#(and % (pos? %)) "must be a positive number"]]

   [nil "--key-count NUMBER" "How many keys are in use at a time (append)."
    :default  6
    :parse-fn parse-long
    :validate [#(and % (pos? %)) "must be a positive integer"]]

   [nil "--max-txn-length NUMBER" "Longest transaction (append)."
    :default  4
    :parse-fn parse-long
    :validate [#(and % (pos? %)) "must be a positive integer"]]

   [nil "--max-writes-per-key NUMBER" "Appends to a key before another one takes its place (append)."
    :default  256
    :parse-fn parse-long
    :validate [#(and % (pos? %)) "must be a positive integer"]]

   ["-w" "--workload NAME" "What the clients do."
    :default  :append
    :parse-fn keyword
    :validate [workloads (cli/one-of workloads)]]])

(defn all-tests
  "Every workload with every fault alone and with all of them, or those that
  were named."
  [opts]
  (for [_        (range (:test-count opts))
        faults   (if-let [faults (:nemesis opts)]
                   [faults]
                   (concat [[]] (map vector nemesis/faults) [nemesis/faults]))
        workload (if-let [workload (:workload opts)] [workload] (keys workloads))]
    (quorate-test (assoc opts :nemesis faults :workload workload))))

(defn -main
  "Runs a test, all tests, or a web server for their results."
  [& args]
  (cli/run! (merge (cli/single-test-cmd {:test-fn quorate-test, :opt-spec cli-opts})
                   (cli/test-all-cmd {:tests-fn all-tests
                                      :opt-spec (cli/without-defaults-for [:nemesis :workload] cli-opts)})
                   (cli/serve-cmd))
            args))
